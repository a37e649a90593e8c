import type { TermIndex } from "./term-index.ts";
import { numberOf, type Term } from "./terms.ts";

/** What is searched. */
interface Range {
  readonly index: TermIndex;
  /** The index of the first item, and the index behind the last. */
  readonly from: number;
  readonly to: number;
}

/** A turn that has words of the query, or stands beside one that has. */
export interface RankedTurn {
  /** The index of its first item, and the index behind its last. */
  readonly from: number;
  readonly to: number;
  /** How many terms it has. */
  readonly length: number;
  readonly score: number;
  /** The words of the query that it has, and how rare they are in the session: of the few turns that are returned. */
  terms(): { readonly term: string; readonly weight: number }[];
}

interface Ranking {
  /** Best first. */
  readonly turns: readonly RankedTurn[];
  /** The part of the query's words, weighed by rarity, that the best turn has; 0: there is none. */
  readonly coverage: number;
}

interface Turn {
  readonly from: number;
  to: number;
  length: number;
  /** How often it has each word of the query; undefined: it has none. */
  counts: number[] | undefined;
}

// The usual parameters of BM25.
const K1 = 1.2;
const B = 0.75;
/** The part of its neighbours' scores that a turn is given: an answer is often in the turn after the word. */
const SMOOTHING = 0.5;

/**
 * Ranks turns by BM25, best first. Each turn also gets a half of the scores of the turns beside it. A turn begins with a
 * user's message and ends before the next one.
 */
export function rankTurns(range: Range, query: readonly Term[]): Ranking {
  const words = new Map(query.map(({ hash, word }) => [numberOf(hash), word]));
  const texts = [...words.values()];
  const turns = readTurns(range, [...words.keys()]);
  const meanLength = turns.reduce((sum, { length }) => sum + length, 0) / Math.max(1, turns.length);
  const weights = texts.map((_, q) => {
    const found = turns.reduce((sum, { counts }) => sum + (counts?.[q] ? 1 : 0), 0);
    return Math.log(1 + (turns.length - found + 0.5) / (found + 0.5));
  });
  const own = turns.map(({ counts, length }) => {
    if (counts === undefined) return 0;
    const norm = K1 * (1 - B + (B * length) / meanLength);
    return weights.reduce((sum, weight, q) => {
      const times = counts[q] ?? 0;
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
  const best = ranked[0]?.turn.counts;
  const covered = weights.reduce((sum, weight, q) => sum + (best?.[q] ? weight : 0), 0);
  const byScore = ranked.map(({ turn: { from, to, length, counts }, score }) => ({
    from,
    to,
    length,
    score,
    terms: () => texts.flatMap((term, q) => (counts?.[q] ? [{ term, weight: weights[q] ?? 0 }] : [])),
  }));
  return { turns: byScore, coverage: all > 0 ? covered / all : 0 };
}

function readTurns({ index, from, to }: Range, hashes: readonly number[]): Turn[] {
  const positions = new Map(hashes.map((hash, q) => [hash, q]));
  // Most terms of a session are not in the query: this tells that without a look-up.
  const filter = new Uint8Array(4096);
  for (const hash of hashes) filter[hash & 4095] = 1;
  const turns: Turn[] = [];
  let turn: Turn | undefined;
  let at = index.ends[from - index.first - 1] ?? 0;
  for (let n = from - index.first; n < to - index.first; n++) {
    const kind = index.kinds[n];
    const end = index.ends[n] ?? at;
    if (kind === "user" || kind === "other") {
      if (kind === "user" || turn === undefined) {
        turn = { from: index.first + n, to: 0, length: 0, counts: undefined };
        turns.push(turn);
      }
      turn.to = index.first + n + 1;
      turn.length += end - at;
      for (; at < end; at++) {
        const hash = index.hashes[at] ?? 0;
        const q = filter[hash & 4095] ? positions.get(hash) : undefined;
        if (q === undefined) continue;
        turn.counts ??= hashes.map(() => 0);
        turn.counts[q] = (turn.counts[q] ?? 0) + 1;
      }
    }
    at = end;
  }
  return turns;
}
