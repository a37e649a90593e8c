import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { useWritableCaches } from "./writable-caches.mjs";

const OWN = join("/clone", ".runtime", "cache");

/** A user's home, and a path where no folder can be made, not even by root. */
function homes() {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  writeFileSync(join(home, "file"), "");
  return { home, nowhere: join(home, "file", "home") };
}

/** @param {NodeJS.ProcessEnv} env */
function cachesOf(env) {
  useWritableCaches("/clone", env);
  return { own: env.XDG_CACHE_HOME, npm: env.npm_config_cache };
}

test("keeps the user's caches where they can be made", () => {
  expect(cachesOf({ HOME: homes().home })).toEqual({ own: undefined, npm: undefined });
});

test("keeps them in the clone where the home cannot be made", () => {
  const HOME = homes().nowhere;
  expect(cachesOf({ HOME })).toEqual({ own: OWN, npm: join(OWN, "npm") });
  // npm gives its scripts the cache that it would use.
  expect(cachesOf({ HOME, npm_config_cache: join(HOME, ".npm") })).toEqual({
    own: OWN,
    npm: join(OWN, "npm"),
  });
});

test("keeps a cache that is set to a folder that can be written", () => {
  const { home, nowhere } = homes();
  expect(cachesOf({ HOME: nowhere, XDG_CACHE_HOME: home })).toEqual({ own: home, npm: join(OWN, "npm") });
});
