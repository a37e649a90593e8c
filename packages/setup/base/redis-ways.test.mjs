import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { redisAdvice, whyUnreachable } from "./redis-ways.mjs";

describe("the one command that helps", () => {
  test.each(
    /** @type {[NodeJS.Platform, string[], string][]} */ ([
      ["win32", ["docker"], "docker run -d -p 127.0.0.1:6379:6379 redis"],
      ["win32", [], "winget install Memurai.MemuraiDeveloper"],
      ["darwin", [], "brew install redis"],
      ["linux", ["apt-get", "docker"], "sudo apt-get install redis-server"],
      ["linux", ["dnf"], "sudo dnf install valkey"],
      ["linux", ["apk"], "apk add redis"],
      ["linux", [], "docker run -d -p 127.0.0.1:6379:6379 redis"],
    ]),
  )("on %s with %j", (platform, installed, command) => {
    const advice = redisAdvice(platform, (name) => (installed.includes(name) ? `/bin/${name}` : undefined));
    expect(advice).toContain(command);
  });
});

test("whyUnreachable says whether a file can be had, by its header alone", async () => {
  /** @type {string[]} */
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(request.url === "/there" ? 200 : 404).end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" && address?.port}`;
  expect(await whyUnreachable(`http://${host}/there`)).toBeUndefined();
  expect(await whyUnreachable(`http://${host}/missing`)).toBe(`${host} answers with status 404`);
  expect(await whyUnreachable("http://127.0.0.1:9/")).toBe("127.0.0.1:9 cannot be reached (ECONNREFUSED)");
  expect(asked).toEqual(["HEAD /there", "HEAD /missing"]);
});
