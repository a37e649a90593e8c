import { execFile } from "node:child_process";
import { findOnPath } from "./find-on-path.mjs";

const DEADLINE_MS = 20_000;

/**
 * How pip can be run here: `pip`: it is there; `venv`: a virtual environment brings it; `uv` runs it.
 * @typedef {{ kind: "pip" | "venv" | "uv", command: string }} PipWay `command`: Python's or uv's path
 */

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<PipWay | string>} a string: why there is none
 */
export async function pipWay(env = process.env) {
  const found = findOnPath(process.platform === "win32" ? "python" : "python3", env);
  const python = found && (await executableOf(found, env));
  if (python && (await runs(python, ["-m", "pip", "--version"], env)))
    return { kind: "pip", command: python };
  if (python && (await runs(python, ["-c", "import ensurepip, venv"], env)))
    return { kind: "venv", command: python };
  const uv = findOnPath("uv", env);
  if (uv) return { kind: "uv", command: uv };
  return python ? "Python has neither pip nor venv, and there is no uv" : "there is no Python and no uv";
}

/**
 * The Python that a command runs. pyenv's is a shell script that runs pip as its child: when it is ended by force, pip
 * goes on.
 * @param {string} python
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>}
 */
function executableOf(python, env) {
  return new Promise((resolve) => {
    const options = { env, timeout: DEADLINE_MS, killSignal: /** @type {const} */ ("SIGKILL") };
    execFile(python, ["-c", "import sys; print(sys.executable)"], options, (_, path) =>
      resolve(path.trim() || python),
    );
  });
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>} whether it ended well
 */
export function runs(command, args, env) {
  return new Promise((resolve) => {
    execFile(command, args, { env, timeout: DEADLINE_MS, killSignal: "SIGKILL" }, (error) => resolve(!error));
  });
}
