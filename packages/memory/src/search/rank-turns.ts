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
  const found = Array.from(words.keys(), (hash) => findWord(range, turns, hash));
  const rarities = found.map(({ count }) => Math.log(1 + (total - count + 0.5) / (count + 0.5)));
  const weights = weigh(asked, rarities);
  const scores = scoreTurns(turns, found, weights);
  let matched = 0;
  let before = 0;
  for (let n = 0; n < total; n++) {
    const own = scores[n] ?? 0;
    const score = own + SMOOTHING * (before + (scores[n + 1] ?? 0));
    scores[n] = score;
    before = own;
    if (score > 0) matched++;
  }
  const wordsOf = (turn: number) => [...found.keys()].filter((word) => has(found[word]?.turns ?? [], turn));
  const covered = sum(wordsOf(newestBest(scores)).map((word) => weights[word] ?? 0));
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

/** The number of the turn with the highest score above 0, or -1; of equal ones, of the newest. */
function newestBest(scores: Float64Array): number {
  let [best, most] = [-1, 0];
  for (let n = scores.length - 1; n >= 0; n--) {
    const score = scores[n] ?? 0;
    if (score > most) [best, most] = [n, score];
  }
  return best;
}

/** The numbers of the turns with the highest scores above 0, best first; of equal ones, the newest first. */
function bestOf(scores: Float64Array, most: number): number[] {
  const least = leastOf(scores, most);
  const better: number[] = [];
  const equal: number[] = [];
  for (let n = scores.length - 1; n >= 0; n--) {
    const score = scores[n] ?? 0;
    if (score > least) better.push(n);
    else if (score === least && score > 0 && equal.length < most) equal.push(n);
  }
  better.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  for (let n = 0; better.length < most && n < equal.length; n++) better.push(equal[n] ?? 0);
  return better;
}

/**
 * The lowest of the `most` highest scores, or 0: to sort a few turns costs less than to sort all of them. Many can have that
 * score.
 */
function leastOf(scores: Float64Array, most: number): number {
  const positive = new Float64Array(scores.length);
  let count = 0;
  for (const score of scores) if (score > 0) positive[count++] = score;
  return count <= most ? 0 : atPlace(positive.subarray(0, count), count - most);
}

/** The value that would be at a place if the values were sorted, which they are as far as it takes to know (Quickselect). */
function atPlace(values: Float64Array, place: number): number {
  for (let [from, to] = [0, values.length - 1]; from < to; ) {
    const middle = values[(from + to) >>> 1] ?? 0;
    let [low, high] = [from, to];
    while (low <= high) {
      while ((values[low] ?? 0) < middle) low++;
      while ((values[high] ?? 0) > middle) high--;
      if (low > high) break;
      const value = values[low] ?? 0;
      values[low++] = values[high] ?? 0;
      values[high--] = value;
    }
    if (place <= high) to = high;
    else if (place >= low) from = low;
    else return middle;
  }
  return values[place] ?? 0;
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
  for (const [word, { turns }] of found.entries()) {
    const weight = (weights[word] ?? 0) * (K1 + 1);
    for (let n = 0; n < turns.length; ) {
      const turn = turns[n] ?? 0;
      let times = 1;
      while (++n < turns.length && turns[n] === turn) times++;
      const norm = K1 * (1 - B + (B * (lengths[turn] ?? 0)) / meanLength);
      scores[turn] = (scores[turn] ?? 0) + (weight * times) / (times + norm);
    }
  }
  return scores;
}

interface FoundWord {
  /** The turns that have a word of the query, in ascending order, each as often as it has it. */
  readonly turns: readonly number[];
  /** How many turns these are. */
  readonly count: number;
}

function findWord({ index, from, to }: Range, { turnOf }: TurnTable, hash: number): FoundWord {
  // Replaced in place: another array for each word would cost more than all else here.
  const turns = index.occurrencesOf(hash);
  let [kept, count, last] = [0, 0, -1];
  for (let n = 0; n < turns.length; n++) {
    const item = index.first + (turns[n] ?? 0);
    if (item < from || item >= to) continue;
    const turn = turnOf[item - from] ?? 0;
    turns[kept++] = turn;
    if (turn !== last) count++;
    last = turn;
  }
  turns.length = kept;
  return { turns, count };
}

/** True if a number is in an ascending list. */
function has(list: readonly number[], value: number): boolean {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((list[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  return list[from] === value;
}
