import type { NewItem } from "@redis-memory-magic/memory";
import { MAX_TERMS } from "@redis-memory-magic/memory/internal";

// Four for each term, and as many for the entry itself.
const MAX_TERM_BYTES = 4 * (MAX_TERMS + 1);

/** Bytes of an item's text in Redis, with those of its terms: four for each word that is not very common. */
export function storedBytes(text: string): number {
  const bytes = bytesOf(text);
  return bytes + Math.min(MAX_TERM_BYTES, Math.ceil(bytes / 2));
}

export const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Bytes of items in Redis. */
export const sizeOf = (messages: readonly NewItem[]): number =>
  messages.reduce(
    (sum, { content = "", toolCalls, metadata, parts }) =>
      sum + storedBytes(content) + bytesOf(JSON.stringify([toolCalls, metadata, parts])),
    0,
  );
