import { accessSync, constants, existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { userCache } from "../packages/setup/base/cache-folder.mjs";

/**
 * Moves the caches of this product and of npm into the clone if the user's own folder cannot be written: a user id
 * without a home, as in OpenShift. Processes that are started later inherit it.
 * @param {string} root the clone
 * @param {NodeJS.ProcessEnv} [env]
 */
export function useWritableCaches(root, env = process.env) {
  const own = join(root, ".runtime", "cache");
  const npmCache = env.npm_config_cache || join(env.HOME || homedir(), ".npm");
  if (!canWrite(userCache(env))) env.XDG_CACHE_HOME = own;
  if (!canWrite(npmCache)) env.npm_config_cache = join(own, "npm");
}

/**
 * True if the folder, or the first that exists above it, can be written.
 * @param {string} folder
 */
function canWrite(folder) {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
    return statSync(existing).isDirectory();
  } catch {
    return false;
  }
}
