import { createServer } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
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

test("whyUnreachable asks a proxy that is named without a scheme, and refuses what is no address", async () => {
  /** @type {string[]} */
  const asked = [];
  const proxy = createServer().on("connect", ({ url, headers }, socket) => {
    asked.push(`${url} ${headers["proxy-authorization"]}`);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise((done) => proxy.listen(0, "127.0.0.1", () => done(undefined)));
  onTestFinished(() => {
    proxy.close();
    vi.unstubAllEnvs();
  });
  const address = proxy.address();
  vi.stubEnv("https_proxy", `user:%C3%BC@127.0.0.1:${typeof address === "object" && address?.port}`);
  expect(await whyUnreachable("https://valkey.test/x")).toBe("the proxy refuses valkey.test (status 403)");
  expect(asked).toEqual([`valkey.test:443 Basic ${Buffer.from("user:ü").toString("base64")}`]);
  vi.stubEnv("https_proxy", "http://user:%@proxy.test");
  expect(await whyUnreachable("https://valkey.test/x")).toBe("HTTPS_PROXY is not the address of a proxy");
});
