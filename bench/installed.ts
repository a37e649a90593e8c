import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "../packages/setup/base/cache-folder.mjs";
import { npm } from "../scripts/npm.mjs";

const DEADLINE_MS = 10 * 60_000;

interface Installation {
  /** The folder's name in the cache. What it holds must follow from this name. */
  readonly name: string;
  /** Names it in the message when npm fails, such as "The packages of commit 1234567". */
  readonly what: string;
  /** Writes the sources or the package.json before npm runs. */
  prepare(folder: string): void;
  readonly npm: string[];
}

/**
 * Returns a folder with packages that are no dependencies of this project. npm fills it the first time; all clones of this
 * user share it. Rejects with a `Failure` that says what to do when npm cannot.
 */
export async function installOnce({ name, what, prepare, npm: args }: Installation): Promise<string> {
  const folder = join(cacheFolder(), "bench", name);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  // Renamed when it is complete: a folder of that name is never half filled.
  const partial = mkdtempSync(`${folder}-`);
  try {
    prepare(partial);
    const all = [...args, "--ignore-scripts", "--prefer-offline"];
    await npm(all, { cwd: partial, what, signal: AbortSignal.timeout(DEADLINE_MS) });
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}
