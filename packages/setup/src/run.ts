import { execa, type Result } from "execa";
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
  readonly input?: string;
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
  { deadlineMs, cwd, env, signal, onLine, input }: RunOptions,
): Promise<RunResult> {
  if (signal?.aborted) throw new Interrupted();
  const child = execa(command, args, {
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env, extendEnv: false }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    buffer: false,
    cleanup: false,
    detached: process.platform !== "win32",
    reject: false,
  });
  const { pid } = child;
  guardProcess(pid);
  const lines: string[] = [];
  const read = async (from: "stdout" | "stderr"): Promise<void> => {
    for await (const line of child.iterable({ from })) {
      if (lines.push(line) > OUTPUT_LINES) lines.shift();
      onLine?.(line);
    }
  };
  // A stream that is cut off has no more lines.
  const reading = Promise.allSettled([read("stdout"), read("stderr")]);

  let cut = "";
  const stop = (why: string): void => {
    cut ||= why;
    if (pid !== undefined) void endProcess(pid, GRACE_MS);
  };
  const timer = setTimeout(() => stop(`was not done within ${duration(deadlineMs)}`), deadlineMs);
  const onAbort = (): void => stop("was interrupted");
  signal?.addEventListener("abort", onAbort, { once: true });
  child.nodeChildProcess.once("exit", () => {
    if (pid !== undefined) killGroup(pid);
    // A daemon that it started outside its group would keep the pipes open for ever.
    setTimeout(() => {
      for (const stream of child.stdio) stream?.destroy();
    }, PIPES_MS).unref();
  });
  const [result] = await Promise.all([child, reading]);
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
  unguardProcess(pid);
  if (signal?.aborted) throw new Interrupted();
  const problem = cut || explain(result);
  return { ok: problem === "", code: result.exitCode ?? null, output: lines.join("\n"), problem };
}

function explain(result: Pick<Result, "exitCode" | "signal" | "code">): string {
  if (result.signal !== undefined) return `ended with ${result.signal}`;
  if (result.exitCode === undefined) return `could not be started (${result.code})`;
  return result.exitCode === 0 ? "" : `ended with code ${result.exitCode}`;
}
