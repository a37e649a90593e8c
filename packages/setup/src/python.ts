import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../base/cache-folder.mjs";
import { pipWay, runs } from "../base/python.mjs";

const VENV_MS = 2 * 60_000;

/** How pip, and the Python that runs it, are run: a command and its first arguments. */
export interface Python {
  readonly pip: readonly [string, ...string[]];
  readonly python: readonly [string, ...string[]];
}

/** Finds pip; where Python comes without, in a virtual environment in the user's cache. A string: why there is none. */
export async function findPython(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Python | string> {
  const way = await pipWay(env);
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
  const works = async (): Promise<boolean> =>
    existsSync(python) && (await runs(python, ["-m", "pip", "--version"], env));
  // A newer Python leaves an older environment broken.
  if (!(await works())) {
    const options = { env, signal, timeout: VENV_MS };
    await promisify(execFile)(command, ["-m", "venv", "--clear", folder], options).catch(() => {});
    if (!(await works())) return "Python has no pip, and a virtual environment with it could not be made";
  }
  return { pip: [python, "-m", "pip"], python: [python] };
}
