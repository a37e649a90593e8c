import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { isAlive } from "../../base/end-process.mjs";
import { type Clone, makeClone, ROOT, redisServer, runScript } from "../clone.fixture.ts";
import { probeRedis } from "../redis/probe-redis.ts";

vi.setConfig({ testTimeout: 60_000 });

const CONFIG = (folder: string) => `export default { test: { include: ["${folder}/**/*.test.ts"] } };`;

/** A clone with the real Vitest, and stand-ins for the tools that only say whether they are content. */
function makeTestClone() {
  const clone = makeClone();
  clone.command("redis-server", redisServer);
  clone.command("chromium", "#!/bin/sh\n");
  mkdirSync(join(clone.folder, "tmp"));
  copyFileSync(join(ROOT, ".env.example"), join(clone.folder, ".env.example"));
  symlinkSync(join(ROOT, "node_modules/vitest"), join(clone.folder, "node_modules/vitest"));
  for (const [name, command] of [
    ["@biomejs/biome", "biome"],
    ["typescript", "tsc"],
    ["knip", "knip"],
  ]) {
    clone.write(`node_modules/${name}/package.json`, JSON.stringify({ bin: { [`${command}`]: "run.cjs" } }));
    clone.write(`node_modules/${name}/run.cjs`, "");
  }
  clone.write("vitest.config.ts", CONFIG("packages"));
  clone.write("e2e/vitest.config.ts", CONFIG("e2e"));
  clone.write("e2e/page.test.ts", 'import { test } from "vitest"; test("in the browser", () => {});');
  return clone;
}

const runTests = (clone: Clone, env?: NodeJS.ProcessEnv) =>
  runScript(clone, ["test"], { TMPDIR: join(clone.folder, "tmp"), CI: "true", ...env });

test("all of it passes: each step with its time, the counts last, nothing left behind", async () => {
  const clone = makeTestClone();
  clone.write(
    "packages/a.test.ts",
    `import { writeFileSync } from "node:fs";
     import { expect, test } from "vitest";
     test("what it is given", () => {
       writeFileSync("${clone.folder}/env.json", JSON.stringify(process.env));
       expect(process.env.TMPDIR).toContain("${clone.folder}");
     });`,
  );
  const run = await runTests(clone, { OPENAI_API_KEY: "sk-somebody", REDIS_URL: "redis://somebody" });
  const { code, output } = await run.ended;
  const steps = ["format and lint", "types", "unused code", "tests", "page", "tests in the browser"];
  for (const step of steps) expect(output).toMatch(new RegExp(`^✓ ${step} +1 passed +[\\d.]+ s$`, "m"));
  expect(output.trimEnd().split("\n").pop()).toBe("6 passed, 0 failed");
  expect(code).toBe(0);

  const env = JSON.parse(readFileSync(join(clone.folder, "env.json"), "utf8"));
  expect(env).not.toHaveProperty("OPENAI_API_KEY");
  expect(env).not.toHaveProperty("REDIS_URL");
  expect(env.TEST_REDIS_SERVER).toBe(join(clone.folder, "bin/redis-server"));
  expect(await probeRedis({ url: env.TEST_REDIS_URL })).toMatchObject({ state: "away" });
  expect(existsSync(dirname(env.TMPDIR))).toBe(false);
});

test("what fails does not stop the rest; what is skipped is named with its reason", async () => {
  const clone = makeTestClone();
  clone.write("node_modules/knip/run.cjs", "console.log('unused: a.ts'); process.exit(1);");
  clone.write(
    "packages/a.test.ts",
    `import { beforeAll, describe, expect, test } from "vitest";
     test("passes", () => {});
     test("fails", () => expect(1).toBe(2));
     test("needs a model", (context) => context.skip("no model could be had"));
     test.skip("is skipped", () => {});
     test.todo("is to be written");
     describe("without its set-up", () => {
       beforeAll(() => { throw new Error("no set-up"); });
       test("never runs", () => {});
     });`,
  );
  clone.write("packages/b.test.ts", 'throw new Error("broken file");');
  const { code, output } = await (await runTests(clone)).ended;
  expect(output).toMatch(/^✗ unused code +0 passed, 1 failed/m);
  expect(output).toContain("unused: a.ts");
  expect(output).toMatch(/^✓ tests in the browser +1 passed/m);
  expect(output).toContain("  - packages/a.test.ts > needs a model: no model could be had\n");
  expect(output).toContain("  - packages/a.test.ts > is skipped: its file skips it here\n");
  expect(output).toContain("  - packages/a.test.ts > is to be written: still to be written\n");
  expect(output).toContain("  - packages/a.test.ts > fails\n");
  expect(output).toContain("  - packages/a.test.ts > without its set-up (its set-up or tear-down)\n");
  expect(output).toContain("  - packages/b.test.ts (could not be run)\n");
  expect(output.trimEnd().split("\n").pop()).toMatch(/^5 passed, 4 failed, [34] skipped$/);
  expect(code).toBe(1);
});

test("without a Chromium the browser tests are named as skipped, and why", async () => {
  const clone = makeTestClone();
  clone.write("packages/a.test.ts", 'import { test } from "vitest"; test("passes", () => {});');
  clone.command("chromium", "#!/bin/sh\nexit 1\n");
  clone.write("node_modules/playwright-core/package.json", '{ "bin": { "playwright-core": "cli.cjs" } }');
  clone.write(
    "node_modules/playwright-core/cli.cjs",
    "console.error('Error: getaddrinfo ENOTFOUND'); process.exit(1);",
  );
  const { code, output } = await (await runTests(clone)).ended;
  expect(output).toMatch(
    / {2}- in the browser: no Chromium was found, and none could be installed \(Playwright's download ended with code 1: Error: getaddrinfo ENOTFOUND\)/,
  );
  expect(output.trimEnd().split("\n").pop()).toBe("5 passed, 0 failed, 1 skipped");
  expect(code).toBe(0);
});

test("processes that tests leave behind are ended, and count as a failure", async (context) => {
  if (process.platform !== "linux") return context.skip("only Linux shows a process' owner");
  const clone = makeTestClone();
  clone.write(
    "packages/a.test.ts",
    `import { spawn } from "node:child_process";
     import { writeFileSync } from "node:fs";
     import { test } from "vitest";
     test("forgets a process", () => {
       const child = spawn("/bin/sleep", ["60"], { detached: true, stdio: "ignore" });
       writeFileSync("${clone.folder}/pid", String(child.pid));
     });`,
  );
  const { code, output } = await (await runTests(clone)).ended;
  expect(output).toMatch(/The tests left behind: sleep 60 \(process \d+\)/);
  expect(output.trimEnd().split("\n").pop()).toBe("6 passed, 1 failed");
  expect(code).toBe(1);
  expect(isAlive(Number(readFileSync(join(clone.folder, "pid"), "utf8")))).toBe(false);
});

test("stopped in the middle, it ends all that it started", async () => {
  const clone = makeTestClone();
  clone.write(
    "packages/a.test.ts",
    `import { writeFileSync } from "node:fs";
     import { test } from "vitest";
     test("waits", () => {
       writeFileSync("${clone.folder}/env.json", JSON.stringify({ ...process.env, pid: process.pid }));
       return new Promise(() => {});
     }, 60_000);`,
  );
  const run = await runTests(clone);
  await expect.poll(() => existsSync(join(clone.folder, "env.json")), { timeout: 30_000 }).toBe(true);
  run.child.kill("SIGINT");
  expect((await run.ended).code).toBe(130);
  const { pid, TEST_REDIS_URL } = JSON.parse(readFileSync(join(clone.folder, "env.json"), "utf8"));
  expect(isAlive(pid)).toBe(false);
  expect(await probeRedis({ url: TEST_REDIS_URL })).toMatchObject({ state: "away" });
  expect(readdirSync(join(clone.folder, "tmp"))).toEqual([]);
});

test("a set-up that fails is a failure, in a sentence", async () => {
  const clone = makeTestClone();
  clone.command("redis-server", "#!/bin/sh\nexit 1\n");
  const { code, output } = await (await runTests(clone)).ended;
  expect(output).toContain("No Redis was found, and none can be fetched:");
  expect(output.trimEnd().split("\n").pop()).toBe("0 passed, 1 failed");
  expect(code).toBe(1);
});
