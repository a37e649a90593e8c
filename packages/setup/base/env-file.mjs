import { readFileSync } from "node:fs";
import * as util from "node:util";
import { Failure } from "./failure.mjs";

/**
 * Returns the variables of a `.env` file; none if there is no such file.
 * @param {string} path
 * @returns {NodeJS.ProcessEnv | undefined} undefined: this Node.js is older than 20.12 and cannot read the format
 */
export function readEnvFile(path) {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT") return {};
    throw new Failure(`${path} cannot be read (${code ?? message}). Correct or remove it, then start again.`);
  }
  // Windows' editors like UTF-16, which would read as a file without a single variable.
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new Failure(`${path} is saved as UTF-16. Save it as UTF-8, then start again.`);
  }
  return util.parseEnv?.(bytes.toString("utf8").replace(/^\uFEFF/, ""));
}
