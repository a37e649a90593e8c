import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../base/cache-folder.mjs";
import { pipWay } from "../base/python.mjs";
import { run } from "./run.ts";

const VENV_MS = 2 * 60_000;

/** How pip, and the Python that runs it, are run: a command and its first arguments. */
export interface Python {
  readonly pip: readonly [string, ...string[]];
  readonly python: readonly [string, ...string[]];
}

/** Finds pip; where Python comes without, in a virtual environment in the user's cache. A string: why there is none. */
export async function findPython(
  env: NodeJS.ProcessEnv = process.env,
  signal?: AbortSignal,
): Promise<Python | string> {
  const way = pipWay(env);
  if (typeof way === "string") return way;
  const { kind, command } = way;
  if (kind === "uv") {
    return {
      pip: [command, "tool", "run", "--no-progress", "pip"],
      python: [command, "run", "--no-progress", "--no-project", "python"],
    };
  }
  if (kind === "pip") return { pip: [command, "-m", "pip"], python: [command] };

  const folder = join(cacheFolder(env), "python");
  const python = join(folder, "bin", "python");
  const runs = async (): Promise<boolean> =>
    existsSync(python) &&
    (await run(python, ["-m", "pip", "--version"], { deadlineMs: 20_000, env, signal })).ok;
  // A newer Python leaves an older environment broken.
  if (!(await runs())) {
    await run(command, ["-m", "venv", "--clear", folder], { deadlineMs: VENV_MS, env, signal });
    if (!(await runs())) return "Python has no pip, and a virtual environment with it could not be made";
  }
  return { pip: [python, "-m", "pip"], python: [python] };
}
