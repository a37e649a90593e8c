import type { TermIndex } from "./term-index.ts";
import { numberOf, type QueryTerm } from "./terms.ts";
import type { TurnTable } from "./turn-table.ts";

/** What is searched. */
interface Range {
  readonly index: TermIndex;
  /** The index of the first item, and the index behind the last. */
  readonly from: number;
  readonly to: number;
}

/** A turn: which items it is made of, and how well it fits the query. */
export interface RankedTurn {
  /** Its number in the range. */
  readonly turn: number;
  /** The index of its first item, and the index behind its last. */
  readonly from: number;
  readonly to: number;
  /** How many terms it has. */
  readonly length: number;
  readonly score: number;
  /** How similar its vector is to the query's; undefined: they were not compared. */
  readonly similarity: number | undefined;
}

export interface Ranking {
  /**
   * Returns at most `most` turns, best first: turns that have words of the query, or stand beside one that has, and turns that
   * are similar to it.
   */
  best(most: number): RankedTurn[];
  /** How many turns have words of the query, or stand beside one that has. */
  readonly matched: number;
  /** How many turns were looked at. */
  readonly total: number;
  /** How many items have no terms yet, and how many were dropped. */
  readonly unknown: number;
  readonly dropped: number;
  /** The part of the query's words, weighed by rarity, that the best turn has; 0 without such a turn. */
  readonly coverage: number;
  /** How similar the most similar turn is; undefined: none was compared. */
  readonly similarity: number | undefined;
  /** The words of the query and its context that a turn has, and how much each counts: more if it is rare in the session. */
  termsOf(turn: RankedTurn): { readonly term: string; readonly weight: number }[];
}

// The usual parameters of BM25.
const K1 = 1.2;
const B = 0.75;
/** The part of its neighbours' scores that a turn is given: an answer is often in the turn after the word. */
const SMOOTHING = 0.5;
/** The same for similarities: on LoCoMo this finds 3 points more than each turn's alone. */
const SIMILARITY_SMOOTHING = 0.2;
/** The part of the words where there are similarities, too. On LoCoMo 0.5 to 0.75 find most. */
const WORDS_SHARE = 0.5;
/**
 * What all words of the context weigh together at most, as a part of what the query's words do: after a talk about
 * coffee, "What is my name?" has one word of its own, and the talk has many.
 */
const CONTEXT_SHARE = 0.5;

/**
 * Ranks turns by BM25, best first. Each turn also gets a half of the scores of the turns beside it. A turn begins with a
 * user's message and ends before the next one. Where turns were compared with the query by their vectors, these scores and
 * the similarities are standardized and added. Written in loops over typed arrays, as there can be 20,000 turns.
 * @param similarityOf how similar a turn is to the query, by its first index and the one behind its last
 */
export function rankTurns(
  range: Range,
  query: readonly QueryTerm[],
  similarityOf?: (from: number, to: number) => number | undefined,
): Ranking {
  const words = new Map(query.map((term) => [numberOf(term.hash), term]));
  const asked = [...words.values()];
  const turns = range.index.turnsOf(range.from, range.to);
  const { total, unknown, dropped } = turns;
  const found = findWords(range, turns, words.keys());
  const rarities = found.map(({ count }) => Math.log(1 + (total - count + 0.5) / (count + 0.5)));
  const weights = weigh(asked, rarities);
  const scores = scoreTurns(turns, found, weights);
  let [matched, before] = [0, 0];
  // The turn with the highest score; of equal ones, the newest.
  let [best, most] = [-1, 0];
  for (let n = 0; n < total; n++) {
    const own = scores[n] ?? 0;
    const behind = n + 1 < total ? (scores[n + 1] ?? 0) : 0;
    const score = own + SMOOTHING * (before + behind);
    scores[n] = score;
    before = own;
    if (score === 0) continue;
    matched++;
    if (score >= most) [best, most] = [n, score];
  }
  const wordsOf = findWordsOf(range.index, turns, [...words.keys()]);
  const covered = sum(wordsOf(best).map((word) => weights[word] ?? 0));
  const similarities = similarityOf && compareTurns(turns, similarityOf);
  if (similarities !== undefined) fuse(scores, similarities);
  const turnOf = (turn: number): RankedTurn => ({
    turn,
    from: turns.begins[turn] ?? 0,
    to: turns.ends[turn] ?? 0,
    length: turns.lengths[turn] ?? 0,
    score: scores[turn] ?? 0,
    similarity: known(similarities?.[turn]),
  });
  return {
    best: (most) => bestOf(scores, most).map(turnOf),
    matched,
    total,
    unknown,
    dropped,
    coverage: covered > 0 ? covered / sum(weights) : 0,
    similarity: known(
      similarities?.reduce((most, one) => (one > most || Number.isNaN(most) ? one : most), Number.NaN),
    ),
    termsOf: ({ turn }) =>
      wordsOf(turn).map((word) => ({ term: asked[word]?.word ?? "", weight: weights[word] ?? 0 })),
  };
}

/** Words weigh by their rarity, and those of the context less. */
function weigh(terms: readonly QueryTerm[], rarities: readonly number[]): readonly number[] {
  const context = sum(rarities.filter((_, n) => terms[n]?.isContext));
  if (context === 0) return rarities;
  // Together, and each word as well: one that is in most turns says nothing by being in the context.
  const share = CONTEXT_SHARE * Math.min(1, (sum(rarities) - context) / context);
  return rarities.map((rarity, n) => (terms[n]?.isContext ? share : 1) * rarity);
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

const known = (similarity = Number.NaN): number | undefined =>
  Number.isNaN(similarity) ? undefined : similarity;

/** How similar each turn is to the query; not a number where it was not compared. */
function compareTurns(
  { begins, ends, total }: TurnTable,
  similarityOf: (from: number, to: number) => number | undefined,
): Float64Array {
  const similarities = new Float64Array(total);
  for (let n = 0; n < total; n++) similarities[n] = similarityOf(begins[n] ?? 0, ends[n] ?? 0) ?? Number.NaN;
  return similarities;
}

/** The numbers of the turns with the highest scores above 0, best first; of equal ones, the newest first. */
function bestOf(scores: Float64Array, most: number): number[] {
  // A heap, its root is the last of the best: of a long session few turns are better than that one.
  const heap: number[] = [];
  const isBehind = (a: number, b: number): boolean => {
    const difference = (scores[a] ?? 0) - (scores[b] ?? 0);
    return difference < 0 || (difference === 0 && a < b);
  };
  const sink = (turn: number, from: number, length: number): void => {
    let at = from;
    for (let child = 2 * at + 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && isBehind(heap[child + 1] ?? 0, heap[child] ?? 0)) child++;
      if (isBehind(turn, heap[child] ?? 0)) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = turn;
  };
  let next = scores.length - 1;
  for (; next >= 0 && heap.length < most; next--) if ((scores[next] ?? 0) > 0) heap.push(next);
  const { length } = heap;
  for (let at = (length >>> 1) - 1; at >= 0; at--) sink(heap[at] ?? 0, at, length);
  for (let least = scores[heap[0] ?? 0] ?? 0; next >= 0; next--) {
    if ((scores[next] ?? 0) <= least) continue;
    sink(next, 0, length);
    least = scores[heap[0] ?? 0] ?? 0;
  }
  for (let last = length - 1; last > 0; last--) {
    const turn = heap[last] ?? 0;
    heap[last] = heap[0] ?? 0;
    sink(turn, 0, last);
  }
  return heap;
}

/**
 * Adds to each score, standardized, how similar the turn is. Reciprocal rank fusion finds a point less on LoCoMo: it does
 * not see how far the best ones stand out.
 */
function fuse(scores: Float64Array, similarities: Float64Array): void {
  const words = standardize(scores);
  const meaning = standardize(smooth(similarities));
  const sums = words.map((byWords, n) => {
    const similarity = meaning[n] ?? Number.NaN;
    // A turn without a vector is as similar as its words let expect.
    return WORDS_SHARE * byWords + (Number.isNaN(similarity) ? byWords : similarity);
  });
  const least = sums.reduce((lowest, sum) => Math.min(lowest, sum), 0) - 1;
  for (let n = 0; n < scores.length; n++) {
    // Without words and without a vector nothing speaks for a turn.
    if (scores[n] !== 0 || !Number.isNaN(similarities[n])) scores[n] = (sums[n] ?? 0) - least;
  }
}

/** How many standard deviations a value is above the mean. What is not a number stays that. */
function standardize(values: Float64Array): Float64Array {
  let [count, sum, squares] = [0, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    squares += value * value;
  }
  const mean = sum / Math.max(1, count);
  const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean)) || 1;
  return values.map((value) => (value - mean) / deviation);
}

/** Means of a turn's similarity and those of the turns beside it. */
function smooth(similarities: Float64Array): Float64Array {
  return similarities.map((similarity, n) => {
    let [sum, parts] = [similarity, 1];
    for (const beside of [similarities[n - 1], similarities[n + 1]]) {
      if (beside === undefined || Number.isNaN(beside)) continue;
      sum += beside * SIMILARITY_SMOOTHING;
      parts += SIMILARITY_SMOOTHING;
    }
    return sum / parts;
  });
}

/** BM25 of each turn. */
function scoreTurns(
  { lengths, total, length }: TurnTable,
  found: readonly FoundWord[],
  weights: readonly number[],
): Float64Array {
  const meanLength = length / Math.max(1, total);
  const scores = new Float64Array(total);
  for (const [word, { begin, count }] of found.entries()) {
    const weight = (weights[word] ?? 0) * (K1 + 1);
    for (let n = begin; n < begin + count; n++) {
      const turn = foundTurns[n] ?? 0;
      const times = foundTimes[n] ?? 0;
      const norm = K1 * (1 - B + (B * (lengths[turn] ?? 0)) / meanLength);
      scores[turn] = (scores[turn] ?? 0) + (weight * times) / (times + norm);
    }
  }
  return scores;
}

/** Where the turns that have a word stand in `foundTurns`, and how many these are. */
interface FoundWord {
  readonly begin: number;
  readonly count: number;
}

/**
 * Turns that have a word of the query, in ascending order, those of one word behind those of another; and how often each
 * has it. Of the last search, as new lists would cost more than all else here.
 */
let foundTurns = new Int32Array(0);
let foundTimes = new Int32Array(0);
/** Longer lists are not kept. */
const MAX_KEPT = 1_000_000;

function findWords(
  { index, from }: Range,
  { turnOf }: TurnTable,
  hashes: Iterable<number>,
): readonly FoundWord[] {
  const most = index.hashes.length;
  if (foundTurns.length < most || foundTurns.length > MAX_KEPT) {
    foundTurns = new Int32Array(2 * most);
    foundTimes = new Int32Array(2 * most);
  }
  const [list, counts] = [foundTurns, foundTimes];
  const shift = index.first - from;
  let begin = 0;
  return Array.from(hashes, (hash) => {
    const end = index.writeOccurrences(hash, list, begin);
    let [kept, last] = [begin, -1];
    for (let n = begin; n < end; n++) {
      const item = (list[n] ?? 0) + shift;
      if (item < 0 || item >= turnOf.length) continue;
      const turn = turnOf[item] ?? 0;
      if (turn === last) {
        counts[kept - 1] = (counts[kept - 1] ?? 0) + 1;
        continue;
      }
      list[kept] = turn;
      counts[kept] = 1;
      kept++;
      last = turn;
    }
    const word = { begin, count: kept - begin };
    begin = kept;
    return word;
  });
}

/** Returns which of some words a turn has. The index may grow meanwhile. */
function findWordsOf(
  { first, ends, hashes }: TermIndex,
  turns: TurnTable,
  words: readonly number[],
): (turn: number) => number[] {
  return (turn) => {
    const begin = (turns.begins[turn] ?? first) - first;
    const end = (turns.ends[turn] ?? first) - first;
    const own = hashes.slice(ends[begin - 1] ?? 0, ends[end - 1] ?? 0);
    return [...words.keys()].filter((word) => own.includes(words[word] ?? -1));
  };
}
