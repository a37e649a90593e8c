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
  readonly to: number;
  /** How many terms it has. */
  readonly length: number;
  /** Undefined: it has none of the words. */
  readonly counts: readonly number[] | undefined;
  readonly score: number;
  /** How similar its vector is to the query's; undefined: they were not compared. */
  readonly similarity: number | undefined;
}

export interface Ranking {
  /**
   * Turns that have words of the query, or stand beside one that has, and turns that are similar to it: as many as were
   * asked for. Best first.
   */
  readonly turns: readonly RankedTurn[];
  /** How many turns have words of the query, or stand beside one that has. */
  readonly matched: number;
  /** How many turns were looked at. */
  readonly total: number;
  /** How many items have no terms yet, and how many were dropped. */
  readonly unknown: number;
  readonly dropped: number;
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
// The usual parameter of reciprocal rank fusion.
const RRF_K = 60;

/**
 * Ranks turns by BM25, best first. Each turn also gets a half of the scores of the turns beside it. A turn begins with a
 * user's message and ends before the next one. Where turns were compared with the query by their vectors, this order and
 * that of their similarity are joined by reciprocal rank fusion: the first of both has the score 2. Written in loops over
 * typed arrays, as there can be 20,000 turns.
 * @param most how many turns are returned
 * @param similarityOf how similar a turn is to the query, by its first index and the one behind its last
 */
export function rankTurns(
  range: Range,
  query: readonly Term[],
  most: number,
  similarityOf?: (from: number, to: number) => number | undefined,
): Ranking {
  const words = new Map(query.map(({ hash, word }) => [numberOf(hash), word]));
  const texts = [...words.values()];
  const { turns, counts, turnsWith, length, unknown, dropped } = readTurns(range, [...words.keys()]);
  const { total } = turns;
  const meanLength = length / Math.max(1, total);
  const weights = turnsWith.map((found) => Math.log(1 + (total - found + 0.5) / (found + 0.5)));
  const own = new Float64Array(total + 2);
  for (const [n, found] of counts) own[n + 1] = scoreOf(found, turns.lengths[n] ?? 0, weights, meanLength);
  const scores = new Float64Array(total);
  let matched = 0;
  for (let n = 0; n < total; n++) {
    const score = (own[n + 1] ?? 0) + SMOOTHING * ((own[n] ?? 0) + (own[n + 2] ?? 0));
    scores[n] = score;
    if (score > 0) matched++;
  }
  const byWords = bestOf(scores, most);
  const similarities = new Float64Array(total).fill(Number.NaN);
  if (similarityOf !== undefined) {
    for (let n = 0; n < total; n++) {
      similarities[n] = similarityOf(turns.begins[n] ?? 0, turns.ends[n] ?? 0) ?? Number.NaN;
    }
    fuse(scores, byWords, similarities, most);
  }
  const order = similarityOf === undefined ? byWords : bestOf(scores, most);
  const ranked = order.map((n): RankedTurn => {
    const [from = 0, to = 0, length = 0, score = 0] = [
      turns.begins[n],
      turns.ends[n],
      turns.lengths[n],
      scores[n],
    ];
    const similarity = similarities[n];
    return {
      ...{ from, to, length, score, counts: counts.get(n) },
      similarity: Number.isNaN(similarity) ? undefined : similarity,
    };
  });
  const sum = (of: readonly number[]) => of.reduce((all, one) => all + one, 0);
  const best = counts.get(byWords[0] ?? -1);
  const covered = sum(weights.filter((_, q) => best?.[q]));
  return {
    turns: ranked,
    matched,
    total,
    unknown,
    dropped,
    coverage: covered > 0 ? covered / sum(weights) : 0,
    termsOf: ({ counts }) =>
      texts.flatMap((term, q) => (counts?.[q] ? [{ term, weight: weights[q] ?? 0 }] : [])),
  };
}

/** The numbers of the turns with the highest scores above 0, best first; of equal ones, the newest first. */
function bestOf(scores: Float64Array, most: number): number[] {
  const positive = scores.filter((score) => score > 0);
  // To sort a few turns costs less than to sort all of them.
  const least = positive.length <= most ? 0 : (positive.toSorted()[positive.length - most] ?? 0);
  const best: number[] = [];
  for (let n = 0; n < scores.length; n++) {
    const score = scores[n] ?? 0;
    if (score > 0 && score >= least) best.push(n);
  }
  return best.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || b - a).slice(0, most);
}

/** Replaces scores by those of two orders together: that of words, and that of similarities. */
function fuse(
  scores: Float64Array,
  byWords: readonly number[],
  similarities: Float64Array,
  most: number,
): void {
  scores.fill(0);
  // A cosine is from -1 on, and only positive scores count.
  const bySimilarity = bestOf(
    similarities.map((similarity) => (Number.isNaN(similarity) ? 0 : similarity + 1)),
    most,
  );
  for (const order of [byWords, bySimilarity]) {
    for (const [rank, n] of order.entries()) {
      // A turn without a vector has the same place in both orders.
      const times = Number.isNaN(similarities[n]) ? 2 : 1;
      scores[n] = (scores[n] ?? 0) + (times * (RRF_K + 1)) / (RRF_K + 1 + rank);
    }
  }
}

function scoreOf(
  counts: readonly number[],
  length: number,
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

const SLOTS = 4096;
/** Stands for several hashes of the query. */
const SHARED = 65_535;

/** Turns by their number. */
interface TurnTable {
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  /** How many terms each has. */
  readonly lengths: Int32Array;
  total: number;
}

interface ReadTurns {
  readonly turns: TurnTable;
  /** How often each hash of the query is in the turns that have one, by the turn's number. */
  readonly counts: ReadonlyMap<number, readonly number[]>;
  /** How many turns have each hash. */
  readonly turnsWith: readonly number[];
  /** How many terms the turns have together. */
  readonly length: number;
  readonly unknown: number;
  readonly dropped: number;
}

function readTurns({ index, from, to }: Range, hashes: readonly number[]): ReadTurns {
  // Most terms of a session are not in the query. The lowest bits of a hash tell that, and nearly always which one it
  // is.
  const positions = new Uint16Array(SLOTS);
  for (const [q, hash] of hashes.entries()) {
    const taken = positions[hash & (SLOTS - 1)] !== 0;
    positions[hash & (SLOTS - 1)] = taken ? SHARED : q + 1;
  }
  const turnsWith = hashes.map(() => 0);
  const counts = new Map<number, number[]>();
  const [begins, endsOfTurns, lengths] = [1, 2, 3].map(() => new Int32Array(Math.max(0, to - from)));
  const turns = { begins, ends: endsOfTurns, lengths, total: 0 } as TurnTable;
  let [unknown, dropped] = [0, 0];
  let found: number[] | undefined;
  const { first, kinds, ends, hashes: all } = index;
  let at = ends[from - first - 1] ?? 0;
  const begin = at;
  for (let n = from - first; n < to - first; n++) {
    const kind = kinds[n];
    const end = ends[n] ?? at;
    if (kind === "unknown") unknown++;
    else if (kind === "dropped") dropped++;
    else {
      if (kind === "user" || turns.total === 0) {
        turns.begins[turns.total] = first + n;
        turns.total++;
        found = undefined;
      }
      const turn = turns.total - 1;
      turns.ends[turn] = first + n + 1;
      turns.lengths[turn] = (turns.lengths[turn] ?? 0) + end - at;
      for (; at < end; at++) {
        const hash = all[at] ?? 0;
        const slot = positions[hash & (SLOTS - 1)] ?? 0;
        if (slot === 0) continue;
        const q = slot === SHARED ? hashes.indexOf(hash) : slot - 1;
        if (hashes[q] !== hash) continue;
        if (found === undefined) {
          found = hashes.map(() => 0);
          counts.set(turn, found);
        }
        const before = found[q] ?? 0;
        if (before === 0) turnsWith[q] = (turnsWith[q] ?? 0) + 1;
        found[q] = before + 1;
      }
    }
    at = end;
  }
  return { turns, counts, turnsWith, length: at - begin, unknown, dropped };
}
