const FLAT_CHARACTERS = 512;

/** Reading a unit of a string makes it flat. The optimizer leaves that out where the unit is not kept. */
const last = { unit: 0 };

/**
 * Returns a text with a piece behind it. A string that is put together of tokens is a tree of them, of several times its
 * size: each time it has grown by some hundred characters it becomes flat.
 */
export function grownText(text: string, piece: string): string {
  const grown = text + piece;
  if (grown.length % FLAT_CHARACTERS < piece.length) last.unit = grown.charCodeAt(0);
  return grown;
}
