import { spawnSync } from "node:child_process";
import { findOnPath } from "./find-on-path.mjs";

/**
 * How pip can be run here: `pip` is there; `venv`: a virtual environment brings it; `uv` runs it.
 * @typedef {{ kind: "pip" | "venv" | "uv", command: string }} PipWay `command`: python3's or uv's path
 */

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {PipWay | string} a string: why there is none
 */
export function pipWay(env = process.env) {
  const python = findOnPath(process.platform === "win32" ? "python" : "python3", env);
  const runs = (/** @type {string[]} */ ...args) =>
    python !== undefined && spawnSync(python, args, { env, timeout: 20_000, stdio: "ignore" }).status === 0;
  if (python && runs("-m", "pip", "--version")) return { kind: "pip", command: python };
  if (python && runs("-c", "import ensurepip, venv")) return { kind: "venv", command: python };
  const uv = findOnPath("uv", env);
  if (uv) return { kind: "uv", command: uv };
  return python ? "Python has neither pip nor venv, and there is no uv" : "there is no Python and no uv";
}
