import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Returns the folder of downloads that can be fetched again; all clones of this user share it.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 */
export function cacheFolder(env = process.env, platform = process.platform) {
  return join(userCache(env, platform), "redis-memory-magic");
}

/**
 * Returns the folder in which this user's programs keep their caches.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 */
export function userCache(env = process.env, platform = process.platform) {
  const home = env.HOME || homedir();
  // The XDG specification: a relative path is ignored.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return env.XDG_CACHE_HOME;
  if (platform === "darwin") return join(home, "Library", "Caches");
  if (platform === "win32") return env.LOCALAPPDATA || join(home, "AppData", "Local");
  return join(home, ".cache");
}
