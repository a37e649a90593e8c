import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { endProcess, killGroup } from "./end-process.mjs";
import { Interrupted } from "./failure.mjs";
import { guardProcess, unguardProcess } from "./guard.mjs";
import { duration } from "./terminal.mjs";

// The last of a long output is what tells why it failed.
const OUTPUT_LINES = 5_000;
const GRACE_MS = 3_000;
const PIPES_MS = 1_000;

/**
 * @typedef {object} RunOptions
 * @property {number} deadlineMs after which it is ended
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {AbortSignal} [signal] ends it; `run` then rejects with `Interrupted`
 * @property {(line: string) => void} [onLine] each line of its output as it comes
 *
 * @typedef {object} RunResult
 * @property {boolean} ok
 * @property {string} output both streams, as far as they are kept
 * @property {string} problem why it is not ok: `ended with code 1`, `was not done within 2 min 0 s`, …
 */

/**
 * Runs a command to its end, in a process group of its own and without standard input.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<RunResult>}
 */
export async function run(command, args, { deadlineMs, cwd, env, signal, onLine }) {
  if (signal?.aborted) throw new Interrupted();
  const child = spawn(command, args, {
    cwd,
    env,
    detached: process.platform !== "win32",
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  guardProcess(pid);

  /** @type {string[]} */
  const lines = [];
  const readers = [child.stdout, child.stderr].map((input) => createInterface({ input }));
  for (const reader of readers) {
    reader.on("line", (line) => {
      if (lines.push(line) > OUTPUT_LINES) lines.shift();
      onLine?.(line);
    });
  }

  let cut = "";
  /** @param {string} why */
  const stop = (why) => {
    cut ||= why;
    if (pid !== undefined) endProcess(pid, GRACE_MS);
  };
  const timer = setTimeout(() => stop(`was not done within ${duration(deadlineMs)}`), deadlineMs);
  const onAbort = () => stop("was interrupted");
  signal?.addEventListener("abort", onAbort, { once: true });

  const problem = await new Promise((resolve) => {
    child.once("error", (error) =>
      resolve(`could not be started (${/** @type {NodeJS.ErrnoException} */ (error).code})`),
    );
    child.once("exit", (code, name) => {
      if (pid !== undefined) killGroup(pid);
      const settle = () => {
        clearTimeout(patience);
        resolve(code === 0 ? "" : `ended with ${name ?? `code ${code}`}`);
      };
      // A daemon that it started outside its group would keep the pipes open for ever.
      const patience = setTimeout(settle, PIPES_MS);
      child.once("close", settle);
    });
  });
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
  unguardProcess(pid);
  for (const reader of readers) reader.close();
  child.stdout.destroy();
  child.stderr.destroy();
  if (signal?.aborted) throw new Interrupted();
  return { ok: !problem && !cut, output: lines.join("\n"), problem: cut || problem };
}
