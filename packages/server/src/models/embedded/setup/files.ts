import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { codeOf, NoSpaceError } from "./setup-error.ts";

/** Left free beside what is fetched: a disk that is filled to the last byte breaks other programs. */
const SPARE_BYTES = 256_000_000;

/** Bytes of a file; 0 where there is none. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return 0;
    throw error;
  }
}

export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest("hex");
}

/** Makes the folder, and rejects with a `NoSpaceError` when fewer than `bytes` fit into it. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await freeBytes(folder)) < bytes + SPARE_BYTES) throw new NoSpaceError(folder);
}

/** For programs that failed in a way of their own: whether a full disk explains it. */
export const isFull = async (folder: string): Promise<boolean> => (await freeBytes(folder)) < SPARE_BYTES / 4;

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Removes temporary folders of processes that were killed. Their programs may still write there: then they stay. */
export async function removeLeftovers(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) {
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}
