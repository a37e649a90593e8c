import { readFileSync } from "node:fs";
import { Failure } from "./failure.mjs";

/**
 * The variables of a `.env` file; none when there is no such file.
 * @param {string} path
 * @returns {Record<string, string>}
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
  return parseEnv(bytes.toString("utf8"));
}

// One assignment: a name, then a value in quotes (which may span lines) or up to the end of the line or a comment.
const ASSIGNMENT =
  /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|`([^`]*)`|([^\n#]*))[^\n]*$/gm;

/**
 * The format of Node's own `--env-file`, which Node.js 18 does not have.
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function parseEnv(text) {
  /** @type {Record<string, string>} */
  const variables = {};
  for (const match of text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .matchAll(ASSIGNMENT)) {
    const [, name = "", double, single, backtick, plain] = match;
    variables[name] = double?.replaceAll("\\n", "\n") ?? single ?? backtick ?? plain?.trim() ?? "";
  }
  return variables;
}
