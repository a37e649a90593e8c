import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const RUN = fileURLToPath(new URL("run.ts", import.meta.url));

const run = (args: readonly string[], env = {}) =>
  promisify(execFile)(process.execPath, [RUN, ...args], { env: { PATH: process.env.PATH, ...env } });

test.each([[[]], [["toString"]]])("with %j it says which commands there are", async (args) => {
  await expect(run(args)).rejects.toMatchObject({
    code: 1,
    stderr: "Name one of these commands: backup, doctor, keys, owner, restore\n",
  });
});

// A cron job that starts the file by which a command was once started must not end well without having done anything.
test.each(["backup", "doctor", "keys", "owner", "restore"])("the former file of %s is not there", (name) => {
  expect(existsSync(new URL(`${name}.ts`, import.meta.url))).toBe(false);
});

test("a configuration with a mistake is explained without a stack trace", async () => {
  await expect(run(["keys", "list"], { PORT: "none" })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The configuration has a mistake:\nPORT is "none": .*\n$/),
  });
});

test("a command that is called wrongly ends with how it is called, without a stack trace", async () => {
  await expect(run(["keys", "make"], { REDIS_URL: process.env.TEST_REDIS_URL })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\n\nnpm run keys -- create OWNER (?!.*\n {4}at )/s),
  });
});

test.each(
  ["backup", "doctor", "keys", "owner", "restore"].flatMap((name) => [
    [name, "--help"],
    [name, "-h"],
  ]),
)("%s %s prints how it is called, without a Redis", async (name, help) => {
  const { stdout, stderr } = await run([name, help], { REDIS_URL: "redis://127.0.0.1:1" });
  expect(stdout).toMatch(new RegExp(`^npm run (--silent )?${name}\\b`));
  expect(stderr).toBe("");
});

test.each([
  ["create", "OWNER"],
  ["revoke", "ID"],
])("keys %s without its %s says what is missing", async (action, missing) => {
  await expect(run(["keys", action], { REDIS_URL: process.env.TEST_REDIS_URL })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(`^Name the ${missing}`),
  });
});
