import type { Embedder } from "../src/index.ts";

/**
 * An embedder without a model: it counts the hashes of a text's three-letter pieces. Texts that share pieces of words are
 * similar, whatever these mean.
 */
export const trigramEmbedder = (dimensions = 64): Embedder => ({
  model: "trigrams",
  dimensions,
  embed: async (texts) => texts.map((text) => trigrams(text, dimensions)),
});

export function trigrams(text: string, dimensions = 64): Float32Array {
  const vector = new Float32Array(dimensions);
  const letters = ` ${text.toLowerCase()} `;
  for (let at = 0; at + 3 <= letters.length; at++) {
    let hash = 0;
    for (const letter of letters.slice(at, at + 3)) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
    const place = (hash >>> 8) % dimensions;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
}
