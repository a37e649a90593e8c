import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The script of a package's command, to be run by a Node.js of our choice and, unlike `node_modules/.bin`, on Windows too.
 * @param {string} folder where the package is looked for, and upwards from there
 * @param {string} name
 * @param {string} [command] when it is not called like the package
 */
export function packageCommand(folder, name, command = name) {
  const manifest = createRequire(join(folder, "package.json")).resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  return join(dirname(manifest), typeof bin === "string" ? bin : bin[command]);
}
