import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../packages/setup/base/failure.mjs";
import { npm, run } from "./npm.mjs";

const VERSION = "24.21.0";

/**
 * Node.js runs the server's TypeScript as it is since 22.18 and 23.6.
 * @param {string} version such as `v22.18.0`
 */
export function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major > 23;
}

/**
 * A Node.js that runs the product: the one that runs this, else the clone's own, which is installed if need be.
 * @param {{ root: string, terminal: import("../packages/setup/base/terminal.mjs").Terminal, signal: AbortSignal }} context
 * @returns {Promise<string>} its path
 */
export async function findNode({ root, terminal, signal }) {
  if (runsTypeScript(process.version)) return process.execPath;

  const folder = join(root, ".runtime");
  const [path, setup] = [nodeIn(folder), join(folder, "node_modules", "node")];
  if (runs(path)) return path;

  const task = terminal.task("Node.js");
  task.say(`fetching ${VERSION}, as ${process.version} is too old for the server`);
  try {
    mkdirSync(folder, { recursive: true });
    await npm(["install", "--prefix", folder, "--no-save", "--no-package-lock", `node@${VERSION}`], {
      cwd: folder,
      signal,
      what: `Node.js ${VERSION}`,
    });
    // Where npm runs no install scripts, the package's own one, which fetches the platform's binary, is still to run.
    if (!existsSync(path)) {
      await run(process.execPath, ["installArchSpecificPackage.js"], {
        cwd: setup,
        env: process.env,
        signal,
      });
    }
    if (!runs(path)) {
      throw new Failure(
        `Node.js ${VERSION} could not be made to run here. Install Node.js 22.18 or newer by other means, then start again with it.`,
      );
    }
  } catch (error) {
    task.drop();
    throw error;
  }
  task.done(`${VERSION} installed in .runtime (${task.elapsed()})`);
  return path;
}

/** @param {string} folder */
function nodeIn(folder) {
  return join(folder, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

/** @param {string} path */
function runs(path) {
  if (!existsSync(path)) return false;
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return status === 0 && runsTypeScript(stdout.trim());
}
