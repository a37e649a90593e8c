import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import type { DownloadedFile } from "./model-file.ts";
import { SetupError } from "./setup-error.ts";

const inflate = promisify(inflateRaw);

/** A file of a Java package (a zip). */
export interface JarEntry {
  readonly jar: DownloadedFile;
  /** Its name in the package. */
  readonly entry: string;
}

/** Writes an entry of a zip to a file. Rejects with a `SetupError` where it is not there, or has more bytes. */
export async function extractEntry(zip: string, entry: string, to: string, bytes: number): Promise<void> {
  const data = await readEntry(await readFile(zip), entry, bytes).catch((cause: unknown) => {
    throw new SetupError(`The package does not carry ${entry} as expected.`, "Try again.", { cause });
  });
  await writeFile(to, data);
}

const END_BYTES = 22;
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const DEFLATED = 8;

/** An entry of a zip that has no comment and is smaller than 4 GB. */
async function readEntry(zip: Buffer, wanted: string, maxOutputLength: number): Promise<Buffer> {
  const end = zip.length - END_BYTES;
  if (zip.readUInt32LE(end) !== END) throw new Error("It does not end as a zip does.");
  for (let at = zip.readUInt32LE(end + 16); at < end && zip.readUInt32LE(at) === CENTRAL; ) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (zip.toString("utf8", at + 46, at + 46 + name) === wanted) {
      const header = zip.readUInt32LE(at + 42);
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
      const data = zip.subarray(start, start + size);
      return method === DEFLATED ? await inflate(data, { maxOutputLength }) : data;
    }
    at += 46 + name + extra + comment;
  }
  throw new Error("It has no such entry.");
}
