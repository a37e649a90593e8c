import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";

const FORMAT = "redis-memory-magic backup";

/** Keys that belong together: read, and written again, in one step. */
const record = z.object({
  /** Redis' time of reading, in ms. */
  at: z.number(),
  /** The session that they are; absent where they are something else. */
  session: z.object({ owner: z.string(), id: z.string() }).optional(),
  keys: z.array(
    z.object({
      key: z.string(),
      /** ms left to live; null: for ever. */
      ttl: z.number().positive().nullable(),
      /** What DUMP returned, in base64. */
      dump: z.base64(),
    }),
  ),
});

const header = z.object({ format: z.literal(FORMAT), version: z.literal(1), redis: z.string() });
const end = z.object({ complete: z.literal(true), sessions: z.number(), keys: z.number() });

export type BackupRecord = z.infer<typeof record>;
export type Counts = Pick<z.infer<typeof end>, "sessions" | "keys">;

/** Why a file cannot be used, for people. */
export class BackupFileError extends Error {}

export const countOf = ({ session, keys }: BackupRecord): Counts => ({
  sessions: session ? 1 : 0,
  keys: keys.length,
});

/**
 * Writes records to a new file, gzipped, a line of JSON each. Until all are written it has another name: a file of the
 * right name is complete. Readable by its owner alone, as it holds conversations.
 * @throws BackupFileError when the file is there already, or cannot be written
 */
export async function writeBackup(
  path: string,
  redis: string,
  records: AsyncIterable<BackupRecord>,
): Promise<void> {
  if (existsSync(path))
    throw new BackupFileError(`${path} is there already. Give another name, or remove it.`);
  const partial = `${path}.partial`;
  const counts = { sessions: 0, keys: 0 };
  async function* lines() {
    yield line({ format: FORMAT, version: 1, redis });
    for await (const one of records) {
      const { sessions, keys } = countOf(one);
      counts.sessions += sessions;
      counts.keys += keys;
      yield line(one);
    }
    yield line({ complete: true, ...counts });
  }
  try {
    await pipeline(lines, createGzip(), createWriteStream(partial, { mode: 0o600, flush: true }));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw isOfFile(error) ? fileError("written", path, error) : error;
  }
}

/**
 * The records of a file, one at a time. That it is whole is known only at its end: see `checkBackup`.
 * @throws BackupFileError for a file that is broken, cut off or none of ours
 */
export async function* readBackup(path: string): AsyncGenerator<BackupRecord, void, void> {
  const found = { sessions: 0, keys: 0 };
  let state: "header" | "records" | "complete" = "header";
  try {
    for await (const text of linesOf(path)) {
      if (state === "complete") throw new BackupFileError(`${path} goes on behind its end: it is damaged.`);
      const value: unknown = JSON.parse(text);
      if (state === "header") {
        header.parse(value);
        state = "records";
        continue;
      }
      const last = end.safeParse(value);
      if (last.success) {
        if (last.data.sessions !== found.sessions || last.data.keys !== found.keys)
          throw new BackupFileError(`${path} does not hold what it says that it holds: it is damaged.`);
        state = "complete";
        continue;
      }
      const one = record.parse(value);
      const { sessions, keys } = countOf(one);
      found.sessions += sessions;
      found.keys += keys;
      yield one;
    }
  } catch (error) {
    if (error instanceof BackupFileError) throw error;
    if (isOfFile(error)) throw fileError("read", path, error);
    const what = state === "header" ? "is no backup of this product" : "is damaged or was cut off";
    throw new BackupFileError(`${path} ${what}. Nothing can be restored from it.`, { cause: error });
  }
  if (state !== "complete")
    throw new BackupFileError(`${path} was cut off. Nothing can be restored from it.`);
}

/**
 * Reads a file to its end.
 * @returns what it holds
 * @throws BackupFileError
 */
export async function checkBackup(path: string): Promise<Counts> {
  const counts = { sessions: 0, keys: 0 };
  for await (const one of readBackup(path)) {
    const { sessions, keys } = countOf(one);
    counts.sessions += sessions;
    counts.keys += keys;
  }
  return counts;
}

/** An error of reading the file or of unpacking it comes out of the loop over these. */
async function* linesOf(path: string): AsyncGenerator<string, void, void> {
  const unpacked = new PassThrough();
  const read = pipeline(createReadStream(path), createGunzip(), unpacked);
  // The caller may have stopped at a damaged record before the error comes, and nothing else listens then.
  read.catch(() => {});
  unpacked.on("error", () => {});
  // Not by readline, which also ends a line at U+2028 and U+2029: JSON has both as they are, and ids can have them.
  let begun: string[] = [];
  try {
    for await (const text of unpacked.setEncoding("utf8") as AsyncIterable<string>) {
      const [more = "", ...next] = text.split("\n");
      begun.push(more);
      for (const beginning of next) {
        yield begun.join("");
        begun = [beginning];
      }
    }
    const last = begun.join("");
    if (last !== "") yield last;
    await read;
  } finally {
    unpacked.destroy();
  }
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

const isOfFile = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && "path" in error;

/** Says why a file or folder cannot be read or written. */
export function fileError(what: string, path: string, error: unknown): BackupFileError {
  const { code } = error as NodeJS.ErrnoException;
  const why =
    {
      ENOENT: "there is no such file or folder",
      ENOSPC: "the disk is full",
      EACCES: "its permissions do not allow it",
    }[code ?? ""] ?? code;
  return new BackupFileError(`${path} cannot be ${what}: ${why}.`, { cause: error });
}
