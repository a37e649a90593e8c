import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { COMMANDS } from "../../../../scripts/commands.mjs";
import { isAlive } from "../../base/end-process.mjs";
import { type Clone, makeClone, ROOT, redisServer, runScript, startOtherRedis } from "../clone.fixture.ts";
import { worksOn } from "../redis/earlier-redis.ts";

vi.setConfig({ testTimeout: 60_000 });

// What the command is given, and what it ends with.
const TELL = `
import { writeFileSync } from "node:fs";
writeFileSync("told.json", JSON.stringify({ args: process.argv.slice(2), env: process.env, execPath: process.execPath }));
process.exitCode = Number(process.env.EXIT_CODE ?? 0);
`;

/** A clone in which each of the files writes down what it was given. */
function cloneWith(...files: string[]): Clone {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  for (const file of files) clone.write(file, TELL);
  return clone;
}

const told = (clone: Clone) => JSON.parse(readFileSync(join(clone.folder, "told.json"), "utf8"));

test("every command of package.json that is TypeScript goes this way, and its files are there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const ours = Object.keys(COMMANDS).map((name) => [name, `node scripts/run.mjs ${name}`]);
  expect(scripts).toEqual({ sbom: scripts.sbom, ...Object.fromEntries(ours) });
  for (const file of Object.values(COMMANDS).flatMap(({ files }) => files)) {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
  }
});

test("a suite has its arguments, a Redis server to start, this Node.js first on its PATH, and nothing of .env", async () => {
  const { files: [file = ""] = [], args: before = [] } = COMMANDS["test:durability"] ?? {};
  const clone = cloneWith(file);
  clone.write(".env", "OPENAI_API_KEY=sk-somebody");
  const { code } = await (await runScript(clone, ["test:durability", "-t", "writer"])).ended;
  expect(code).toBe(0);
  const { args, env, execPath } = told(clone);
  expect(args).toEqual([...before, "-t", "writer"]);
  expect(env.TEST_REDIS_SERVER).toBe(join(clone.folder, "bin/redis-server"));
  expect(env.PATH.startsWith(dirname(execPath))).toBe(true);
  expect(env).not.toHaveProperty("OPENAI_API_KEY");
  expect(existsSync(join(clone.folder, ".data"))).toBe(false);
});

test("compiled TypeScript is kept in the clone for the next start", async () => {
  const clone = cloneWith("packages/server/src/commands/run.ts");
  const run = await runScript(clone, ["keys", "list"], { NODE_COMPILE_CACHE: "" });
  expect((await run.ended).code).toBe(0);
  const folder = join(clone.folder, ".runtime", "compiled");
  expect(told(clone).env.NODE_COMPILE_CACHE).toBe(folder);
  expect(readdirSync(folder)).not.toEqual([]);
});

test("a command on the product has a private Redis for as long as it runs, with the data of npm start", async () => {
  const clone = cloneWith("packages/server/src/commands/run.ts");
  const run = await runScript(clone, ["keys", "list"], { EXIT_CODE: "3" });
  expect((await run.ended).code).toBe(3);
  const { args, env } = told(clone);
  expect(args).toEqual(["keys", "list"]);
  // Its port may be another's by now.
  const data = join(clone.folder, ".data");
  expect(await worksOn(data, Number(new URL(env.REDIS_URL).port))).toBe(false);
  expect(existsSync(data)).toBe(true);
});

test("a command on the product takes the Redis that .env names", async () => {
  const clone = cloneWith("packages/server/src/commands/run.ts");
  const redis = await startOtherRedis(clone);
  clone.write(".env", `REDIS_URL=${redis.url}`);
  const { code } = await (await runScript(clone, ["keys", "list"])).ended;
  expect(code).toBe(0);
  expect(told(clone).env.REDIS_URL).toBe(redis.url);
  expect(existsSync(join(clone.folder, ".data"))).toBe(false);
});

test("the doctor is there for a Redis that cannot be used, too", async () => {
  const clone = cloneWith("packages/server/src/commands/run.ts");
  const REDIS_URL = "redis://127.0.0.1:9";
  const keys = await (await runScript(clone, ["keys", "list"], { REDIS_URL })).ended;
  expect(keys.output).toContain("No Redis answers at 127.0.0.1:9, which REDIS_URL names");
  expect(existsSync(join(clone.folder, "told.json"))).toBe(false);
  const doctor = await (await runScript(clone, ["doctor"], { REDIS_URL })).ended;
  expect(doctor.code).toBe(0);
  expect(told(clone).env.REDIS_URL).toBe(REDIS_URL);
});

test("a benchmark of the page has the page built and a browser; when a file fails, the next is not run", async () => {
  const files = COMMANDS["bench:page"]?.files ?? [];
  const clone = cloneWith(...files);
  clone.command("chromium", "#!/bin/sh\n");
  const { code } = await (await runScript(clone, ["bench:page"])).ended;
  expect(code).toBe(0);
  expect(told(clone).env.CHROMIUM_PATH).toBe(join(clone.folder, "bin/chromium"));
  expect(existsSync(join(clone.folder, "packages/web/dist/index.html"))).toBe(true);

  clone.write(files[0] ?? "", "process.exitCode = 2;");
  clone.write(files[1] ?? "", 'console.log("the second");');
  const failed = await (await runScript(clone, ["bench:page"])).ended;
  expect(failed.code).toBe(2);
  expect(failed.output).not.toContain("the second");
});

test("stopped, it asks the command once to end, waits for it, and leaves nothing of it", async () => {
  const [file = ""] = COMMANDS["test:faults"]?.files ?? [];
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  clone.write(
    file,
    `import { spawn } from "node:child_process";
     const { pid } = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
     process.on("SIGTERM", () => {
       console.log("asked");
       setTimeout(() => process.exit(0), 300);
     });
     console.log("runs", pid, ".");
     setInterval(() => {}, 1000);`,
  );
  const run = await runScript(clone, ["test:faults"]);
  await run.says(".\n");
  const pid = Number(/runs (\d+)/.exec(run.output())?.[1]);
  run.child.kill("SIGTERM");
  const { code, output } = await run.ended;
  expect(output.match(/asked/g)).toHaveLength(1);
  expect(code).toBe(0);
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("what it does not know, and what cannot be had, is said in a sentence", async () => {
  const clone = makeClone();
  const unknown = await (await runScript(clone, ["test:nothing"])).ended;
  expect(unknown.output).toMatch(/^\nRun it as npm run NAME, where NAME is start, test, keys, .*\.\n$/);
  expect(unknown.code).toBe(1);
  mkdirSync(join(clone.folder, "home"));
  const without = await (await runScript(clone, ["test:faults"])).ended;
  expect(without.output).toContain("No Redis was found, and none can be fetched:");
  expect(without.code).toBe(1);
});
