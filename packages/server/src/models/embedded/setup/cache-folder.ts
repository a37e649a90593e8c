import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where this user's programs keep what they can fetch again: shared by all clones of the project. */
export function cacheFolder(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return join(cacheRoot(env, platform, home), "redis-memory-magic");
}

function cacheRoot(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  // The XDG specification: a relative path is to be ignored.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return env.XDG_CACHE_HOME;
  if (platform === "darwin") return join(home, "Library", "Caches");
  if (platform === "win32") return env.LOCALAPPDATA || join(home, "AppData", "Local");
  return join(home, ".cache");
}
