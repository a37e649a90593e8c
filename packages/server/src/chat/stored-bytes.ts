// At most 255 terms of an item are stored, see packages/memory/src/search/terms.ts.
const MAX_TERM_BYTES = 1024;

/** Bytes of an item's text in Redis, with those of its terms: four for each word that is not very common. */
export function storedBytes(text: string): number {
  const bytes = Buffer.byteLength(text);
  return bytes + Math.min(MAX_TERM_BYTES, Math.ceil(bytes / 2));
}
