import { spawn } from "node:child_process";

export interface Outcome {
  /** The exit code; null: it was ended at its deadline. */
  readonly code: number | null;
  /** What it wrote, to both. */
  readonly output: string;
}

export interface ShellOptions {
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly deadlineMs?: number;
  readonly input?: string;
}

/** Runs a command as a person types it. What it started ends with it, at its deadline at the latest. */
export function shell(command: string, options: ShellOptions): Promise<Outcome> {
  const { cwd, env, deadlineMs = 60_000, input = "" } = options;
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", command], { cwd, env, detached: true });
    const { pid } = child;
    let output = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    }, deadlineMs);
    const take = (chunk: Buffer): void => {
      output += chunk;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code: late ? null : code, output });
    });
    // A command that reads nothing may be gone before it was given anything.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
