import { run } from "../../../packages/setup/src/run.ts";

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
export const shell = (command: string, { deadlineMs = 60_000, ...options }: ShellOptions): Promise<Outcome> =>
  run("sh", ["-c", command], { ...options, deadlineMs });
