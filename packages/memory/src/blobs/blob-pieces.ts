import { concat, toBase64 } from "../bytes.ts";
import { MemoryError } from "../errors.ts";
import { sha256 } from "../hash.ts";
import { parseStored } from "../stored-json.ts";
import { toBlobId } from "./blob-id.ts";

/** The bytes of a blob: all at once, or piece by piece as they come. */
export type BlobData = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What is known of a blob. */
export interface BlobInfo {
  /** Made of its content, `sha256-…`: the same content has the same id. */
  readonly id: string;
  /** Such as `image/png`. */
  readonly mediaType: string;
  readonly bytes: number;
}

/** A blob as it is stored. */
export interface StoredBlob extends BlobInfo {
  readonly pieces: number;
}

/** @throws MemoryError `damaged` */
export const decodeBlob = (record: string): StoredBlob => parseStored(record, isStoredBlob);

function isStoredBlob(value: unknown): boolean {
  const { id, mediaType, bytes, pieces } = Object(value) as Partial<StoredBlob>;
  const areTexts = typeof id === "string" && typeof mediaType === "string";
  return areTexts && Number.isSafeInteger(bytes) && Number.isSafeInteger(pieces);
}

// A multiple of 3, so that pieces of Base64 are one text of Base64 together. One such piece is 256 KiB in Redis.
const PIECE_BYTES = 196_608;

/** Bytes in Redis of a blob's content. */
export const storedBytes = (bytes: number): number => Math.ceil(bytes / 3) * 4;

/**
 * Encodes a blob piece by piece, and calls `store` with each but the last.
 * @returns the last piece, and what is known of the blob
 * @throws MemoryError `too_large` as soon as there are more than `maxBytes`; TypeError for what is not bytes
 */
export async function encodePieces(
  data: BlobData,
  maxBytes: number,
  store: (piece: string, number: number) => Promise<void>,
): Promise<{ id: string; bytes: number; pieces: number; last: string }> {
  const hash = sha256();
  let bytes = 0;
  let pieces = 0;
  let waiting: Uint8Array[] = [];
  let length = 0;
  const add = async (part: Uint8Array): Promise<void> => {
    for (let rest = part; rest.length > 0; ) {
      // A full piece waits until more comes: the last one is stored with the blob itself.
      if (length === PIECE_BYTES) await flush();
      const taken = rest.subarray(0, PIECE_BYTES - length);
      // A copy: the source may use its buffer again.
      waiting.push(taken.slice());
      length += taken.length;
      rest = rest.subarray(taken.length);
    }
  };
  const flush = async (): Promise<void> => {
    await store(toBase64(concat(waiting)), pieces++);
    waiting = [];
    length = 0;
  };
  for await (const part of data instanceof Uint8Array ? [data] : data) {
    if (!(part instanceof Uint8Array)) throw new TypeError("data must be a Uint8Array, or yield such");
    bytes += part.length;
    if (bytes > maxBytes) {
      throw new MemoryError("too_large", `A blob may have ${maxBytes} bytes at most: send a smaller one`);
    }
    hash.update(part);
    await add(part);
  }
  const last = toBase64(concat(waiting));
  return { id: toBlobId(hash), bytes, pieces: pieces + 1, last };
}
