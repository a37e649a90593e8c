import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
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
  const child = start(command, args, { cwd, env });
  if (child instanceof Error) return { ok: false, code: null, output: "", problem: notStarted(child) };
  const { pid } = child;
  guardProcess(pid);
  const lines: string[] = [];
  // Where no file can be opened any more, there are none.
  const outputs = [child.stdout ?? [], child.stderr ?? []].flat();
  for (const input of outputs) {
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
      for (const input of outputs) input.destroy();
    }, PIPES_MS).unref();
  });
  const problem = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(notStarted(error)));
    // By then its output was read to the end.
    child.once("close", (code, name) => resolve(explain(code, name)));
  });
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
  unguardProcess(pid);
  if (signal?.aborted) throw new Interrupted();
  const code = pid === undefined ? null : child.exitCode;
  return { ok: (cut || problem) === "", code, output: lines.join("\n"), problem: cut || problem };
}

/** Starts a command. Returns the error that `spawn` throws for some paths, where it emits others. */
function start(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): ChildProcess | Error {
  try {
    return spawn(command, args, {
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

const notStarted = (error: NodeJS.ErrnoException): string =>
  `could not be started (${error.code ?? error.message})`;

function explain(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `ended with ${signal}`;
  return code === 0 ? "" : `ended with code ${code}`;
}
