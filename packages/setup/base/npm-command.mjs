import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { findOnPath } from "./find-on-path.mjs";

const CLI = join("node_modules", "npm", "bin", "npm-cli.js");

/**
 * Returns how npm is run: the one that runs us, else the first on the PATH, else the one that came with this Node.js.
 * Its own script where that can be found, as Windows' `npm.cmd` could only be run by a shell.
 * @param {string} node the Node.js that runs it
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ command: string, args: string[] } | undefined}
 */
export function npmCommand(node, env = process.env) {
  const launcher = findOnPath("npm", env);
  const folder = dirname(node);
  const candidates = [
    env.npm_execpath,
    launcher && realpathSync(launcher),
    launcher && join(dirname(launcher), CLI),
    join(folder, CLI),
    join(folder, "..", "lib", CLI),
  ];
  const script = candidates.find((path) => path && basename(path) === "npm-cli.js" && existsSync(path));
  if (script) return { command: node, args: [script] };
  return launcher && process.platform !== "win32" ? { command: launcher, args: [] } : undefined;
}
