import type { Term } from "./terms.ts";

/** What a search knows of one turn: which items it is made of, and the hashes of their terms, one after another. */
export interface IndexedTurn {
  /** The index of its first item. */
  readonly from: number;
  /** The index behind its last item. */
  readonly to: number;
  readonly entries: readonly string[];
}

/** A turn that has words of the query. */
export interface RankedTurn {
  readonly turn: IndexedTurn;
  readonly score: number;
  /** The words of the query that it has, and how rare they are in the session: of the few turns that are returned. */
  terms(): { readonly term: string; readonly weight: number }[];
}

// The usual parameters of BM25.
const K1 = 1.2;
const B = 0.75;
/** The part of its neighbours' scores that a turn is given: an answer is often in the turn after the word. */
const SMOOTHING = 0.5;

/**
 * Ranks turns by BM25, best first. Each turn also gets a half of the scores of the turns beside it.
 * @param minCoverage the part of the query's words, weighed by rarity, that the best turn must have; else none is found
 */
export function rankTurns(
  turns: readonly IndexedTurn[],
  query: readonly Term[],
  minCoverage: number,
): RankedTurn[] {
  const words = new Map(query.map(({ hash, word }) => [hash, word]));
  const hashes = [...words.keys()];
  const counts = countTerms(turns, hashes);
  const lengths = turns.map(({ entries }) => entries.reduce((sum, entry) => sum + (entry.length >> 2), 0));
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, turns.length);
  const weights = hashes.map((_, q) => {
    const found = counts.reduce((sum, count) => sum + (count?.[q] ? 1 : 0), 0);
    return Math.log(1 + (turns.length - found + 0.5) / (found + 0.5));
  });
  const own = counts.map((count, n) => {
    if (count === undefined) return 0;
    const norm = K1 * (1 - B + (B * (lengths[n] ?? 0)) / meanLength);
    return weights.reduce((sum, weight, q) => {
      const times = count[q] ?? 0;
      return sum + (weight * times * (K1 + 1)) / (times + norm);
    }, 0);
  });
  const ranked = turns
    .map((turn, n) => ({
      turn,
      n,
      score: (own[n] ?? 0) + SMOOTHING * ((own[n - 1] ?? 0) + (own[n + 1] ?? 0)),
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.n - a.n);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const best = counts[ranked[0]?.n ?? -1];
  const coverage = weights.reduce((sum, weight, q) => sum + (best?.[q] ? weight : 0), 0) / all;
  if (coverage < minCoverage) return [];
  return ranked.map(({ turn, n, score }) => ({
    turn,
    score,
    terms: () =>
      hashes.flatMap((hash, q) =>
        counts[n]?.[q] ? [{ term: words.get(hash) ?? "", weight: weights[q] ?? 0 }] : [],
      ),
  }));
}

/** How often each turn has each hash; undefined for a turn that has none. */
function countTerms(turns: readonly IndexedTurn[], hashes: readonly string[]): (number[] | undefined)[] {
  const numbers = new Map(hashes.map((hash, q) => [numberOf(hash, 0), q]));
  // Most terms of a session are not in the query: this tells that without a look-up.
  const filter = new Uint8Array(4096);
  for (const number of numbers.keys()) filter[number & 4095] = 1;
  return turns.map(({ entries }) => {
    let counts: number[] | undefined;
    for (const entry of entries) {
      for (let at = 0; at < entry.length; at += 4) {
        const number = numberOf(entry, at);
        const q = filter[number & 4095] ? numbers.get(number) : undefined;
        if (q === undefined) continue;
        counts ??= hashes.map(() => 0);
        counts[q] = (counts[q] ?? 0) + 1;
      }
    }
    return counts;
  });
}

/** The four characters of a hash as one number. */
const numberOf = (text: string, at: number): number =>
  (text.charCodeAt(at) << 21) |
  (text.charCodeAt(at + 1) << 14) |
  (text.charCodeAt(at + 2) << 7) |
  text.charCodeAt(at + 3);
