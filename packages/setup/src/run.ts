import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { endProcess, killGroup } from "../base/end-process.mjs";
import { Interrupted } from "../base/failure.mjs";
import { guardProcess, unguardProcess } from "../base/guard.mjs";
import { duration } from "../base/terminal.mjs";

/** The end of a long output shows why it failed. */
const OUTPUT_LINES = 5_000;
const GRACE_MS = 3_000;
const PIPES_MS = 1_000;

export interface RunOptions {
  /** The command is ended after this time. */
  readonly deadlineMs: number;
  readonly cwd?: string;
  /** All of its environment; by default, ours. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the command; `run` then rejects with `Interrupted`. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each line of its output. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface RunResult {
  readonly ok: boolean;
  /** Null: a signal ended it, or it could not be started. */
  readonly code: number | null;
  /** Both streams, as far as they are kept. */
  readonly output: string;
  /** Why it is not ok: `ended with code 1`, `was not done within 2 min 0 s`, … */
  readonly problem: string;
}

/** Runs a command to its end, in a process group of its own. What it started ends with it. */
export async function run(
  command: string,
  args: readonly string[],
  { deadlineMs, cwd, env, signal, onLine }: RunOptions,
): Promise<RunResult> {
  if (signal?.aborted) throw new Interrupted();
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const { pid } = child;
  guardProcess(pid);
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
      if (lines.push(line) > OUTPUT_LINES) lines.shift();
      onLine?.(line);
    });
  }

  let cut = "";
  const stop = (why: string): void => {
    cut ||= why;
    if (pid !== undefined) void endProcess(pid, GRACE_MS);
  };
  const timer = setTimeout(() => stop(`was not done within ${duration(deadlineMs)}`), deadlineMs);
  const onAbort = (): void => stop("was interrupted");
  signal?.addEventListener("abort", onAbort, { once: true });
  child.once("exit", () => {
    if (pid !== undefined) killGroup(pid);
    // A daemon that it started outside its group would keep the pipes open for ever.
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, PIPES_MS).unref();
  });
  const problem = await new Promise<string>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => resolve(`could not be started (${error.code})`));
    // By then its output was read to the end.
    child.once("close", (code, name) => resolve(explain(code, name)));
  });
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
  unguardProcess(pid);
  if (signal?.aborted) throw new Interrupted();
  const { exitCode: code } = child;
  return { ok: (cut || problem) === "", code, output: lines.join("\n"), problem: cut || problem };
}

function explain(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `ended with ${signal}`;
  return code === 0 ? "" : `ended with code ${code}`;
}
