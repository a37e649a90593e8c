import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where downloads are kept, shared by all clones of this user.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 */
export function cacheFolder(env = process.env, platform = process.platform) {
  return join(userCache(env, platform), "redis-memory-magic");
}

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 */
export function userCache(env = process.env, platform = process.platform) {
  const home = env.HOME || homedir();
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  if (platform === "darwin") return join(home, "Library", "Caches");
  if (platform === "win32") return env.LOCALAPPDATA || join(home, "AppData", "Local");
  return join(home, ".cache");
}
