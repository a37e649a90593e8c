import { open } from "node:fs/promises";
import { basename } from "node:path";
import { codeOf, SetupError } from "./setup-error.ts";

/** The metadata that is wanted stands before the vocabulary, which can take megabytes. */
const HEADER_BYTES = 1 << 20;
const STRING = 8;
const ARRAY = 9;
const UINT32 = 4;
const UINT64 = 10;
/** Bytes of the other types, by their number in the format. */
const FIXED_SIZES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  [UINT32]: 4,
  5: 4,
  6: 4,
  7: 1,
  [UINT64]: 8,
  11: 8,
  12: 8,
};

/**
 * The context window in tokens that a GGUF file names, or null where it names none. Rejects with a
 * `SetupError` when there is no such file or it is no GGUF.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function readContextWindow(path: string): Promise<number | null> {
  const header = await readHeader(path);
  if (header.toString("latin1", 0, 4) !== "GGUF" || header.readUInt32LE(4) < 2) {
    throw new SetupError(`EMBEDDED_MODEL names ${basename(path)}, which is not a GGUF file.`, CORRECT_IT);
  }
  try {
    return findContextWindow(new Cursor(header));
  } catch (error) {
    // The vocabulary came first and is longer than what was read.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const CORRECT_IT = "Set it to the path of a GGUF file, or leave it out for the default model.";

async function readHeader(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
      return bytesRead < 24 ? Buffer.alloc(24) : buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "does not exist" : `cannot be read (${codeOf(error)})`;
    throw new SetupError(`EMBEDDED_MODEL names ${path}, which ${why}.`, CORRECT_IT, { cause: error });
  }
}

function findContextWindow(cursor: Cursor): number | null {
  cursor.skip(16);
  for (let left = cursor.uint64(); left > 0; left--) {
    const key = cursor.string();
    const type = cursor.uint32();
    if (key.endsWith(".context_length")) {
      if (type === UINT32) return cursor.uint32();
      if (type === UINT64) return cursor.uint64();
    }
    cursor.skipValue(type);
  }
  return null;
}

/** Reads forward; past the end it throws a `RangeError`. */
class Cursor {
  #offset = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.skip(4));
  }

  uint64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.skip(8)));
  }

  string(): string {
    const length = this.uint64();
    const start = this.skip(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  skipValue(type: number): void {
    if (type === STRING) this.string();
    else if (type === ARRAY) this.#skipArray();
    else this.skip(sizeOfType(type));
  }

  #skipArray(): void {
    const type = this.uint32();
    for (let left = this.uint64(); left > 0; left--) this.skipValue(type);
  }

  /** Returns where it was. */
  skip(bytes: number): number {
    const start = this.#offset;
    if (start + bytes > this.#bytes.length) throw new RangeError("past the end of the header");
    this.#offset = start + bytes;
    return start;
  }
}

function sizeOfType(type: number): number {
  const size = FIXED_SIZES[type];
  if (size === undefined) throw new RangeError(`unknown type ${type}`);
  return size;
}
