import type { TermIndex } from "./term-index.ts";
import { numberOf, type Term } from "./terms.ts";

/** What is searched. */
interface Range {
  readonly index: TermIndex;
  /** The index of the first item, and the index behind the last. */
  readonly from: number;
  readonly to: number;
}

/** A turn: which items it is made of, and how often it has each word of the query. */
export interface RankedTurn {
  /** The index of its first item, and the index behind its last. */
  readonly from: number;
  to: number;
  /** How many terms it has. */
  length: number;
  /** Undefined: it has none of the words. */
  counts: number[] | undefined;
  score: number;
}

export interface Ranking {
  /** Turns that have words of the query, or stand beside one that has. Best first. */
  readonly turns: readonly RankedTurn[];
  /** The part of the query's words, weighed by rarity, that the best turn has; 0 without such a turn. */
  readonly coverage: number;
  /** The words of the query that a turn has, and how rare they are in the session. */
  termsOf(turn: RankedTurn): { readonly term: string; readonly weight: number }[];
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
  const { turns, turnsWith, length } = readTurns(range, [...words.keys()]);
  const meanLength = length / Math.max(1, turns.length);
  const weights = turnsWith.map((found) => Math.log(1 + (turns.length - found + 0.5) / (found + 0.5)));
  // Loops, as there can be 20,000 turns.
  const own = new Float64Array(turns.length + 2);
  for (const [n, turn] of turns.entries()) {
    if (turn.counts !== undefined) own[n + 1] = scoreOf(turn, weights, meanLength);
  }
  const ranked: RankedTurn[] = [];
  for (const [n, turn] of turns.entries()) {
    turn.score = (own[n + 1] ?? 0) + SMOOTHING * ((own[n] ?? 0) + (own[n + 2] ?? 0));
    if (turn.score > 0) ranked.push(turn);
  }
  ranked.sort((a, b) => b.score - a.score || b.from - a.from);
  const sum = (of: readonly number[]) => of.reduce((all, one) => all + one, 0);
  const best = ranked[0]?.counts;
  const covered = sum(weights.filter((_, q) => best?.[q]));
  return {
    turns: ranked,
    coverage: covered > 0 ? covered / sum(weights) : 0,
    termsOf: ({ counts }) =>
      texts.flatMap((term, q) => (counts?.[q] ? [{ term, weight: weights[q] ?? 0 }] : [])),
  };
}

function scoreOf(
  { counts = [], length }: RankedTurn,
  weights: readonly number[],
  meanLength: number,
): number {
  const norm = K1 * (1 - B + (B * length) / meanLength);
  let score = 0;
  for (let q = 0; q < weights.length; q++) {
    const times = counts[q] ?? 0;
    score += ((weights[q] ?? 0) * times * (K1 + 1)) / (times + norm);
  }
  return score;
}

/** Reads a range as turns; with how many of them have each hash, and how many terms they have together. */
function readTurns(
  { index, from, to }: Range,
  hashes: readonly number[],
): { readonly turns: RankedTurn[]; readonly turnsWith: readonly number[]; readonly length: number } {
  const positions = new Map(hashes.map((hash, q) => [hash, q]));
  // Most terms of a session are not in the query: this tells that without a look-up.
  const filter = new Uint8Array(4096);
  for (const hash of hashes) filter[hash & 4095] = 1;
  const turnsWith = hashes.map(() => 0);
  const turns: RankedTurn[] = [];
  const { first, kinds, ends, hashes: all } = index;
  let turn: RankedTurn | undefined;
  let at = ends[from - first - 1] ?? 0;
  const begin = at;
  for (let n = from - first; n < to - first; n++) {
    const kind = kinds[n];
    const end = ends[n] ?? at;
    if (kind === "user" || kind === "other") {
      if (kind === "user" || turn === undefined) {
        turn = { from: first + n, to: 0, length: 0, counts: undefined, score: 0 };
        turns.push(turn);
      }
      turn.to = first + n + 1;
      turn.length += end - at;
      for (; at < end; at++) {
        const hash = all[at] ?? 0;
        if (filter[hash & 4095] === 0) continue;
        const q = positions.get(hash);
        if (q === undefined) continue;
        turn.counts ??= hashes.map(() => 0);
        const before = turn.counts[q] ?? 0;
        if (before === 0) turnsWith[q] = (turnsWith[q] ?? 0) + 1;
        turn.counts[q] = before + 1;
      }
    }
    at = end;
  }
  return { turns, turnsWith, length: at - begin };
}
