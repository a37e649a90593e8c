import { describe, expect, test } from "vitest";
import { obtainRedis, redisAdvice } from "./redis-binary.mjs";
import { createTerminal } from "./terminal.mjs";

const context = { terminal: createTerminal() };

describe("obtainRedis", () => {
  test("takes the first way that leads to one, and no further", async () => {
    const binary = { path: "/x/valkey-server", name: "valkey-server 9.1.2" };
    const ways = [
      async () => ({ reason: "not here" }),
      async () => ({ binary }),
      async () => {
        throw new Error("one way too many");
      },
    ];
    expect(await obtainRedis(context, { ways })).toBe(binary);
  });

  test("where none leads to one, it says what was tried, what to do, and that nothing was fetched", async () => {
    const ways = [async () => ({ reason: "redis-server is 5.0.7." }), async () => ({ reason: "" })];
    const obtaining = obtainRedis(context, { ways, platform: "win32" });
    await expect(obtaining).rejects.toThrow(
      /No Redis was found.*\n {2}- redis-server is 5\.0\.7\.\nRedis has no Windows version.*\nOr set REDIS_URL.*Nothing else was downloaded/,
    );
  });
});

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
