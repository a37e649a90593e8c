import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "./failure.mjs";

/**
 * The script of a package's command, to be run by a Node.js of our choice and, unlike `node_modules/.bin`, on Windows too.
 * @param {string} folder where the package is looked for, and upwards from there
 * @param {string} name
 * @param {string} [command] when it is not called like the package
 */
export function packageCommand(folder, name, command = name) {
  const installed = join(folder, "node_modules", name);
  if (existsSync(join(installed, "package.json"))) {
    const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    return join(installed, typeof bin === "string" ? bin : bin[command]);
  }
  if (dirname(folder) === folder)
    throw new Failure(`The package ${name} is not installed. Run npm ci, then start again.`);
  return packageCommand(dirname(folder), name, command);
}
