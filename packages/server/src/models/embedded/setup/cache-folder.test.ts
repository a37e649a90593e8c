import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheFolder } from "./cache-folder.ts";

const home = join("/", "home", "alice");

test("is where each system keeps what can be fetched again", () => {
  expect(cacheFolder({}, "linux", home)).toBe(join(home, ".cache", "redis-memory-magic"));
  expect(cacheFolder({}, "darwin", home)).toBe(join(home, "Library", "Caches", "redis-memory-magic"));
  expect(cacheFolder({}, "win32", home)).toBe(join(home, "AppData", "Local", "redis-memory-magic"));
  expect(cacheFolder({ LOCALAPPDATA: "/local" }, "win32", home)).toBe(join("/local", "redis-memory-magic"));
});

test("follows XDG_CACHE_HOME, unless it is relative", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/big/cache" }, "linux", home)).toBe("/big/cache/redis-memory-magic");
  expect(cacheFolder({ XDG_CACHE_HOME: "cache" }, "linux", home)).toBe(
    join(home, ".cache", "redis-memory-magic"),
  );
});
