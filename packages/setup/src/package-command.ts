import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../base/failure.mjs";

/**
 * Returns the script of a package's command, to be run by Node.js and, unlike `node_modules/.bin`, on Windows too.
 * `folder`: where the package is looked for, and upwards from there.
 */
export function packageCommand(folder: string, name: string, command = name): string {
  const installed = join(folder, "node_modules", name);
  if (existsSync(join(installed, "package.json"))) {
    const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    return join(installed, typeof bin === "string" ? bin : bin[command]);
  }
  if (dirname(folder) === folder)
    throw new Failure(`The package ${name} is not installed. Run npm ci, then start again.`);
  return packageCommand(dirname(folder), name, command);
}
