import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { makeClone, redisServer, runScript, startClone } from "./fixtures/clone.mjs";
import { isAlive } from "./setup/end-process.mjs";
import { startPrivateRedis } from "./setup/private-redis.mjs";
import { askRedis } from "./setup/resp.mjs";

// Several processes each, on machines that may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

/** @param {string} url */
const portOf = (url) => Number(new URL(url).port);

describe("with all it needs", () => {
  test("it starts a private Redis and the server, prints the addresses, and ends both in order", async () => {
    const { clone, run } = await startClone();
    await run.says("Ctrl-C stops it.");
    expect(run.output()).toContain(`Page   http://localhost:${run.ports.WEB_PORT}`);
    expect(run.output()).toContain(`API    http://localhost:${run.ports.PORT}`);
    // No terminal: the server's log stays JSON.
    expect(run.output()).toMatch(/^\{"level":30,.*"msg":"ready"/m);
    expect(readFileSync(join(clone.folder, "packages/web/dist/index.html"), "utf8")).toContain("built");

    const { REDIS_URL, pid } = await run.askServer();
    const redis = { host: "127.0.0.1", port: portOf(REDIS_URL) };
    const settings = ["bind", "appendonly", "dir"];
    const answers = await askRedis(
      redis,
      settings.map((name) => ["CONFIG", "GET", name]),
      3_000,
    );
    expect(answers).toEqual([
      ["bind", "127.0.0.1"],
      ["appendonly", "yes"],
      ["dir", join(clone.folder, ".data")],
    ]);

    run.child.kill("SIGTERM");
    const { code, output } = await run.ended;
    expect(code).toBe(0);
    expect(output).toContain('"msg":"ending"');
    expect(isAlive(pid)).toBe(false);
    await expect(askRedis(redis, [["PING"]], 3_000)).rejects.toThrow("ECONNREFUSED");
  });

  test("a second start finds the build and the data", async () => {
    const { clone, run } = await startClone();
    await run.says("Ctrl-C stops it.");
    const page = readFileSync(join(clone.folder, "packages/web/dist/index.html"), "utf8");
    const { REDIS_URL } = await run.askServer();
    await askRedis({ host: "127.0.0.1", port: portOf(REDIS_URL) }, [["SET", "kept", "yes"]], 3_000);
    run.child.kill("SIGINT");
    await run.ended;

    const again = await runScript(clone, "start.mjs");
    await again.says("Ctrl-C stops it.");
    expect(readFileSync(join(clone.folder, "packages/web/dist/index.html"), "utf8")).toBe(page);
    expect(again.output()).not.toContain("Page       built");
    const redis = { host: "127.0.0.1", port: portOf((await again.askServer()).REDIS_URL) };
    expect(await askRedis(redis, [["GET", "kept"]], 3_000)).toEqual(["yes"]);

    clone.write("packages/web/src/changed.ts", "");
    again.child.kill("SIGTERM");
    await again.ended;
    const third = await runScript(clone, "start.mjs");
    await third.says("Page       built");
  });

  test("a private Redis that dies is started again, with its data", async () => {
    const { run } = await startClone();
    await run.says("Ctrl-C stops it.");
    const { REDIS_URL } = await run.askServer();
    const redis = { host: "127.0.0.1", port: portOf(REDIS_URL) };
    const [, info] = await askRedis(
      redis,
      [
        ["SET", "kept", "yes"],
        ["INFO", "server"],
      ],
      3_000,
    );
    process.kill(Number(/process_id:(\d+)/.exec(String(info))?.[1]), "SIGKILL");
    await run.says("The private Redis ended by SIGKILL. It is started again.");
    await expect
      .poll(() => askRedis(redis, [["GET", "kept"]], 3_000).catch(() => []), { timeout: 5_000 })
      .toEqual(["yes"]);
  });

  test("kill -9 of it leaves nothing behind", async () => {
    const { run } = await startClone();
    await run.says("Ctrl-C stops it.");
    const { REDIS_URL, pid } = await run.askServer();
    run.child.kill("SIGKILL");
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
    const redis = { host: "127.0.0.1", port: portOf(REDIS_URL) };
    await expect
      .poll(() => askRedis(redis, [["PING"]], 3_000).catch((error) => error.code), { timeout: 5_000 })
      .toBe("ECONNREFUSED");
  });

  test("a server that does not end is ended by force, and said", async () => {
    const { run } = await startClone({ STAND_IN: "hung", SHUTDOWN_GRACE_SECONDS: "0" });
    await run.says("Ctrl-C stops it.");
    const { pid } = await run.askServer();
    run.child.kill("SIGTERM");
    const { code, output } = await run.ended;
    expect(code).toBe(1);
    expect(output).toContain("The server did not end within 3 s and was ended by force.");
    expect(isAlive(pid)).toBe(false);
  });

  test("a second Ctrl-C ends at once", async () => {
    const { run } = await startClone({ STAND_IN: "hung" });
    await run.says("Ctrl-C stops it.");
    const { pid } = await run.askServer();
    run.child.kill("SIGINT");
    await run.says('"msg":"ending"');
    await new Promise((done) => setTimeout(done, 700));
    const secondAt = Date.now();
    run.child.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
    // Killed at once; that it is gone may take the system a moment.
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(Date.now() - secondAt).toBeLessThan(5_000);
  });

  test("a Redis that answers is used, by REDIS_URL from .env too", async () => {
    const clone = makeClone();
    const redis = await startPrivateRedis({
      binary: redisServer,
      folder: join(clone.folder, "other"),
      persistent: false,
    });
    onTestFinished(redis.end);
    clone.write(".env", `REDIS_URL=${redis.url}\nSTAND_IN=ignored`);
    const run = await runScript(clone, "start.mjs");
    await run.says("Ctrl-C stops it.");
    expect(run.output()).toMatch(/✓ Redis {6}(Redis|Valkey) [\d.]+ at 127\.0\.0\.1:/);
    expect((await run.askServer()).REDIS_URL).toBe(redis.url);
    expect(existsSync(join(clone.folder, ".data"))).toBe(false);
  });
});

test("as root in a container, apt brings the Redis", async (context) => {
  const isContainer = existsSync("/.dockerenv") || existsSync("/run/.containerenv");
  if (process.getuid?.() !== 0 || !isContainer) return context.skip("this is not root in a container");
  const clone = makeClone();
  const link = `/bin/ln -s ${redisServer} ${clone.folder}/bin/redis-server`;
  // Lists that cannot be refreshed do not keep apt from what it has.
  clone.command(
    "apt-get",
    `#!/bin/sh\ncase "$*" in *update) exit 100;; *install*redis-server) ${link};; esac\n`,
  );
  const run = await runScript(clone, "start.mjs");
  await run.says("Ctrl-C stops it.");
  expect(run.output()).toMatch(/✓ Redis {6}redis-server [\d.]+, a private one/);
});

test("told to stop while it installs, it ends the installation", async () => {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  clone.write("package-lock.json", '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }');
  clone.write(
    "npm/npm-cli.js",
    "require('node:fs').writeFileSync('npm.pid', String(process.pid)); setInterval(() => {}, 1000);",
  );
  clone.write("npm/package.json", "{}");
  const run = await runScript(clone, "start.mjs", { npm_execpath: join(clone.folder, "npm", "npm-cli.js") });
  await expect.poll(() => existsSync(join(clone.folder, "npm.pid")), { timeout: 10_000 }).toBe(true);
  const npm = Number(readFileSync(join(clone.folder, "npm.pid"), "utf8"));
  run.child.kill("SIGTERM");
  expect((await run.ended).code).toBe(130);
  expect(isAlive(npm)).toBe(false);
});

test("a package that npm recorded and somebody removed is installed again", async () => {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  const lock = '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }';
  clone.write("package-lock.json", lock);
  clone.write("node_modules/.package-lock.json", lock);
  clone.write("npm/npm-cli.js", "console.error('npm error code E404'); process.exitCode = 1;");
  clone.write("npm/package.json", "{}");
  const run = await runScript(clone, "start.mjs", { npm_execpath: join(clone.folder, "npm", "npm-cli.js") });
  expect((await run.ended).output).toContain("The packages could not be fetched");
});
