import { homedir } from "node:os";
import { expect, test } from "vitest";
import { cacheFolder } from "./cache-folder.mjs";

test.each([
  [{ HOME: "/home/a" }, "linux", "/home/a/.cache/redis-memory-magic"],
  [{ HOME: "/home/a", XDG_CACHE_HOME: "/cache" }, "linux", "/cache/redis-memory-magic"],
  [{ HOME: "/home/a", XDG_CACHE_HOME: "relative" }, "linux", "/home/a/.cache/redis-memory-magic"],
  [{ HOME: "/Users/a" }, "darwin", "/Users/a/Library/Caches/redis-memory-magic"],
  [{ LOCALAPPDATA: "/local" }, "win32", "/local/redis-memory-magic"],
  [{}, "linux", `${homedir()}/.cache/redis-memory-magic`],
])("%j on %s: %s", (env, platform, folder) => {
  expect(cacheFolder(env, /** @type {NodeJS.Platform} */ (platform))).toBe(folder);
});
