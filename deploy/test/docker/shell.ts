import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
export async function shell(
  command: string,
  { deadlineMs = 60_000, input, ...options }: ShellOptions,
): Promise<Outcome> {
  if (input === undefined) return run("sh", ["-c", command], { ...options, deadlineMs });
  const folder = await mkdtemp(join(tmpdir(), "input-"));
  try {
    const file = join(folder, "input");
    await writeFile(file, input);
    return await run("sh", ["-c", `exec <'${file}'\n${command}`], { ...options, deadlineMs });
  } finally {
    await rm(folder, { recursive: true });
  }
}
