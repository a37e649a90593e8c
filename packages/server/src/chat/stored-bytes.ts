import type { NewItem } from "@redis-memory-magic/memory";
import { MAX_TERMS } from "@redis-memory-magic/memory/internal";

// Four for each term, and as many for the entry itself.
const MAX_TERM_BYTES = 4 * (MAX_TERMS + 1);

export const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Bytes of an item in UTF-8: of its text, and of what it has besides. */
export function itemBytes({ content = "", toolCalls, metadata, parts }: Partial<NewItem>): number {
  const isText = toolCalls === undefined && metadata === undefined && parts === undefined;
  return bytesOf(content) + (isText ? 0 : bytesOf(JSON.stringify([toolCalls, metadata, parts])));
}

/** Bytes of items in Redis, with those of their terms: four for each word that is not very common. */
export const storedBytes = (items: readonly NewItem[]): number =>
  items.reduce((sum, item) => sum + itemBytes(item) + termBytes(item.content ?? ""), 0);

const termBytes = (text: string): number => Math.min(MAX_TERM_BYTES, Math.ceil(bytesOf(text) / 2));
