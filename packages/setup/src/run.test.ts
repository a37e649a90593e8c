import { expect, test } from "vitest";
import { isAlive } from "../base/end-process.mjs";
import { Interrupted } from "../base/failure.mjs";
import { type RunOptions, run } from "./run.ts";

const node = (script: string, options: Partial<RunOptions> = {}) =>
  run(process.execPath, ["-e", script], { deadlineMs: 10_000, ...options });

test("output of both streams, line by line", async () => {
  const lines: string[] = [];
  const result = await node("console.log('a'); console.error('b'); process.stdout.write('c')", {
    onLine: (line) => lines.push(line),
  });
  expect(result).toMatchObject({ ok: true, problem: "" });
  expect(lines.sort()).toEqual(["a", "b", "c"]);
});

test("how it failed", async () => {
  expect(await node("process.exit(3)")).toMatchObject({ ok: false, problem: "ended with code 3" });
  expect(await node("process.kill(process.pid, 'SIGKILL')")).toMatchObject({
    ok: false,
    problem: "ended with SIGKILL",
  });
});

test.each([
  ["a file that is not there", "/nowhere/command", "ENOENT"],
  ["a path below a file", `${import.meta.filename}/command`, "ENOTDIR"],
  ["a path that is too long", `/${"x".repeat(5_000)}`, "ENAMETOOLONG"],
])("why %s could not be started", async (_, command, code) => {
  expect(await run(command, [], { deadlineMs: 1_000 })).toEqual({
    ok: false,
    code: null,
    output: "",
    problem: `could not be started (${code})`,
  });
});

test("past its deadline it is ended, with what it started", async () => {
  const result = await run("sh", ["-c", "sleep 60 & echo $!; wait"], { deadlineMs: 3_000 });
  expect(result).toMatchObject({ ok: false, problem: "was not done within 3.0 s" });
  expect(result.output).toMatch(/^\d+$/);
  await expect.poll(() => isAlive(Number(result.output))).toBe(false);
});

test("a daemon that keeps its pipes open does not keep us", async () => {
  const script = `
    const { spawn } = require("node:child_process");
    console.log(spawn("sleep", ["60"], { detached: true, stdio: "inherit" }).pid);
    process.exit(0);`;
  const result = await node(script);
  expect(result.ok).toBe(true);
  process.kill(Number(result.output), "SIGKILL");
});

test("interrupted, it ends and rejects", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  await expect(node("setInterval(() => {}, 1000)", { signal: controller.signal })).rejects.toThrow(
    Interrupted,
  );
});
