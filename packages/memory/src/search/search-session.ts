import type { Item, ItemTypes } from "../history/item.ts";
import { decodeItem } from "../history/item-record.ts";
import type { RunScript } from "../redis/script-runner.ts";
import { READ_RANGES } from "../scripts/search.ts";
import { assertCount, assertFields, assertId, assertText } from "../validate.ts";
import { bestPassage, type Passage } from "./best-passage.ts";
import { type RankedTurn, type Ranking, rankTurns } from "./rank-turns.ts";
import type { ComparedVectors, Similarities } from "./session-vectors.ts";
import { type ReadLimits, readTerms, type StoredTerms } from "./stored-terms.ts";
import type { TermIndex } from "./term-index.ts";
import { type QueryTerm, queryTerms } from "./terms.ts";

/** What is searched, and how much of it is returned. */
export interface SearchOptions<T extends ItemTypes = ItemTypes> {
  /** As many whole turns as fit into so many tokens, by `countTokens`. */
  readonly maxTokens: number;
  /** Tokens of one item, 0 or more. */
  readonly countTokens: (item: Item<T>) => number;
  /**
   * What was said just before, for a query that means little alone: "And what does it cost?". All words that only
   * this has weigh at most half as much as the query's, together; of a query without words of its own they are the query's.
   * Vectors are compared with the query alone.
   */
  readonly context?: string | undefined;
  /** Searches only what is older than the item with this id: the first one in the window. */
  readonly before?: string | undefined;
  /**
   * The part of the query's words, weighed by rarity, that the best turn must have; otherwise nothing is returned. The words of
   * a `context` are at most a third of it: a turn that has all of the query's own and none of these has 0.67 or more.
   * With up to four times that part, an equal part of `maxTokens` is used, or 512: a weak match is not worth more. With an
   * embedder that has a `minSimilarity`, turns that are as similar are returned without the words, and the others get 512.
   * Default 0.15; 0 switches it off.
   */
  readonly minCoverage?: number;
  /** Ids of items whose turns are not returned. */
  readonly exclude?: readonly string[];
}

/** A turn that was found and fits. */
export interface SearchHit<T extends ItemTypes = ItemTypes> {
  /** The id of its first item. */
  readonly id: string;
  /** The index of its first item in the session, and the index behind its last. */
  readonly from: number;
  readonly to: number;
  /** Its items, of which `messages` of the result has all; of a turn that is longer than all tokens, one that is cut. */
  readonly messages: readonly Item<T>[];
  /** What the content of that one is of the stored content. */
  readonly passage?: Passage;
  /**
   * Higher is better; to be compared only with the scores of the same search. Its scale is another with an embedder: by words
   * it is BM25's, together with similarities a sum of standard scores.
   */
  readonly score: number;
  /** How similar its meaning is to the query's, up to 1; absent: its vector was not compared. */
  readonly similarity?: number;
  /** Words of the query and its context that it has. A weight is larger the fewer turns have the word. */
  readonly terms: readonly { readonly term: string; readonly weight: number }[];
}

export interface SearchResult<T extends ItemTypes = ItemTypes> {
  /** The items of the turns that were found and fit, oldest first. Reasoning is left out. */
  readonly messages: readonly Item<T>[];
  /** How many items were searched, of how many that could have been. */
  readonly searched: number;
  readonly total: number;
  /** How many turns have words of the query or its context, or stand beside one that has. */
  readonly matched: number;
  /** The turns in `messages`, best first. */
  readonly hits: readonly SearchHit<T>[];
  /** What comparing vectors added; absent: the history has no embedder. */
  readonly vectors?: ComparedVectors;
}

const FIELDS = new Set(["maxTokens", "countTokens", "context", "before", "minCoverage", "exclude"]);
export const LIMITS: ReadLimits = {
  maxItems: 20_000,
  maxMs: 25,
  maxComputed: 1_000,
  now: () => performance.now(),
};
// Turns whose items are read at once, and in all. A few fill the tokens of most searches: to rank more costs more.
const FEW_TURNS = 16;
const MIN_BATCH = 4;
const MAX_BATCH = 64;
export const MAX_READ = 256;
/** How many times `minCoverage` it takes for all of `maxTokens`. On LoCoMo this halves what unrelated questions bring. */
const FULL_ROOM = 4;
const WEAK_ROOM_TOKENS = 512;
/** As soon as no more than this part of the tokens is left, nothing is read for it: few turns are so short. */
const SMALL_REST = 1 / 8;
/**
 * Tokens of a turn with so many terms, and some more: it decides how many turns are read at once, and one too many costs
 * less than a second round trip.
 */
const estimateTokens = (terms: number): number => 4 + 1.75 * terms;

/** What was found; which terms are still to be stored; and what is to be given to the next search of the session. */
export interface FoundTurns extends SearchResult, Pick<StoredTerms, "missing" | "known"> {
  /** How many turns were looked at. */
  readonly turns: number;
}

/**
 * Finds turns of a session by the words of a query.
 * @throws TypeError; MemoryError `unknown_message`, and what reading throws
 */
export async function searchSession(
  run: RunScript,
  query: string,
  options: SearchOptions,
  known?: TermIndex,
  {
    similarities,
    ...limits
  }: Partial<ReadLimits> & { readonly similarities?: Similarities | undefined } = {},
): Promise<FoundTurns> {
  assertSearch(query, options);
  const { before = "", context } = options;
  const asked = { terms: queryTerms(query, context), similarities };
  const allLimits = { ...LIMITS, ...limits };
  const end = known && positionOf(before, known, allLimits.maxItems);
  if (known !== undefined && end !== undefined) {
    const found = await findTurns(run, asked, options, { index: known, end, ...allLimits, isChecked: true });
    if (found !== undefined) return { ...found, missing: null, known };
  }
  const stored = await readTerms(run, before, allLimits, known);
  const found = await findTurns(run, asked, options, { ...stored, ...allLimits, isChecked: false });
  return { ...(found ?? NOTHING), missing: stored.missing, known: stored.known };
}

const NOTHING = { messages: [], searched: 0, total: 0, matched: 0, turns: 0, hits: [] };

interface Asked {
  readonly terms: readonly QueryTerm[];
  readonly similarities: Similarities | undefined;
}

/** The index of an item with an id of the session's own, if all terms that are searched before it are known. */
function positionOf(id: string, { epoch, first, end }: TermIndex, maxItems: number): number | undefined {
  const index = id.startsWith(`${epoch}-`) ? Number(id.slice(epoch.length + 1)) : Number.NaN;
  return index <= end && first <= Math.max(0, index - maxItems) ? index : undefined;
}

interface Searched {
  readonly index: TermIndex;
  /** The index of the item that is searched up to. */
  readonly end: number;
  readonly maxItems: number;
  /** True if it has to be made sure that the terms are still those of the session. */
  readonly isChecked: boolean;
}

/** Undefined: the terms are no longer those of the session, or it is not known. */
async function findTurns(
  run: RunScript,
  { terms, similarities }: Asked,
  options: SearchOptions,
  { index, end, maxItems, isChecked }: Searched,
): Promise<Omit<FoundTurns, "missing" | "known"> | undefined> {
  const from = Math.max(index.first, end - maxItems);
  const ranking = rankTurns({ index, from, to: end }, terms, similarities?.of);
  const { dropped, unknown, matched, total } = ranking;
  const maxTokens = relevantTokens(ranking, options, similarities?.least);
  const read = await readTurns(run, index, ranking, { ...options, maxTokens: maxTokens ?? 0 }, isChecked);
  return (
    read && {
      ...read,
      searched: end - from - dropped - unknown,
      total: end - dropped,
      matched: maxTokens === undefined ? 0 : matched,
      turns: total,
    }
  );
}

/** How many tokens the turns that were found are worth. Undefined: they are not relevant. */
export function relevantTokens(
  { coverage: byWords, similarity }: Ranking,
  { maxTokens, minCoverage = 0.15 }: SearchOptions,
  minSimilarity = Number.POSITIVE_INFINITY,
): number | undefined {
  const isSimilar = similarity !== undefined && similarity >= minSimilarity;
  if (byWords < minCoverage && !isSimilar) return undefined;
  const wereCompared = minSimilarity <= 1 && similarity !== undefined;
  const share =
    minCoverage === 0 || isSimilar ? 1 : wereCompared ? 0 : Math.min(1, byWords / (minCoverage * FULL_ROOM));
  return Math.max(Math.min(maxTokens, WEAK_ROOM_TOKENS), maxTokens * share);
}

export function assertSearch(query: string, options: SearchOptions): void {
  assertText("query", query);
  assertFields("options", options, FIELDS);
  const { maxTokens, countTokens, context, before, minCoverage = 0, exclude = [] } = options;
  if (!Array.isArray(exclude)) throw new TypeError("exclude must be a list of ids");
  for (const id of exclude) assertId("exclude", id);
  assertCount("maxTokens", maxTokens);
  if (typeof countTokens !== "function") throw new TypeError("countTokens must be a function");
  if (context !== undefined) assertText("context", context);
  if (before !== undefined) assertId("before", before);
  if (!(minCoverage >= 0 && minCoverage <= 1)) throw new TypeError("minCoverage must be from 0 to 1");
}

/** Reads turns, best first, and keeps those that fit. Undefined: the session's terms have changed, or may have. */
async function readTurns(
  run: RunScript,
  index: TermIndex,
  { best, termsOf }: Ranking,
  { maxTokens, countTokens, exclude = [] }: SearchOptions,
  isChecked: boolean,
): Promise<Pick<SearchResult, "messages" | "hits"> | undefined> {
  const { epoch, changes } = index;
  const hits: SearchHit[] = [];
  let left = maxTokens;
  let ranked = FEW_TURNS;
  let candidates = left > 0 ? best(ranked) : [];
  const mayBeMore = () => ranked === FEW_TURNS && candidates.length === FEW_TURNS;
  if (mayBeMore() && firstThatFill(left / index.tokensPerEstimate, candidates).length === FEW_TURNS) {
    ranked = MAX_BATCH;
    candidates = best(ranked);
  }
  // Nothing is read, so nothing says whether the terms are current.
  if (isChecked && candidates.length === 0) return undefined;
  let [estimated, counted] = [0, 0];
  while (candidates.length > 0) {
    const batch = firstThatFill(left / index.tokensPerEstimate, candidates.slice(0, MAX_BATCH));
    const ranges = batch.flatMap(({ from, to }) => [String(from), String(to - 1)]);
    const [status, , count, ...entries] = await run(READ_RANGES, [
      epoch,
      isChecked ? changes : "",
      ...ranges,
    ]);
    if (status === "changed") return undefined;
    // Cleared meanwhile.
    if (status === "gone") return isChecked ? undefined : { messages: [], hits: [] };
    const read = decodeItems(entries, epoch);
    for (const turn of batch.slice(0, Number(count))) {
      const { hit, tokens, all } = fit(turn, read, termsOf(turn), { maxTokens, left, countTokens, exclude });
      estimated += estimateTokens(turn.length);
      counted += all;
      left -= tokens;
      if (hit !== undefined) hits.push(hit);
    }
    if (counted > 0) index.tokensPerEstimate = counted / estimated;
    if (left <= maxTokens * SMALL_REST) break;
    if (mayBeMore()) {
      ranked = MAX_BATCH;
      candidates = best(ranked);
    }
    // A turn that is probably too long is not worth another round trip.
    const rest = left / index.tokensPerEstimate;
    const fits = ({ length }: RankedTurn) => estimateTokens(length) <= rest;
    candidates = candidates.slice(Number(count)).filter(fits);
    if (candidates.length === 0 && ranked === MAX_BATCH) {
      ranked = MAX_READ;
      candidates = best(ranked).slice(MAX_BATCH).filter(fits);
    }
  }
  const inTime = hits.toSorted((a, b) => a.from - b.from);
  return { messages: inTime.flatMap(({ messages }) => messages), hits };
}

interface Room extends Pick<SearchOptions, "maxTokens" | "countTokens" | "exclude"> {
  readonly left: number;
}

/** A turn as far as it fits: whole, or the best passage of one that would not fit alone; and the tokens of all of it. */
export function fit(
  { from, to, score, similarity }: RankedTurn,
  read: ReadonlyMap<number, Item>,
  terms: SearchHit["terms"],
  { maxTokens, left, countTokens, exclude = [] }: Room,
): { readonly hit?: SearchHit; readonly tokens: number; readonly all: number } {
  const items = new Map<number, Item>();
  for (let index = from; index < to; index++) {
    const item = read.get(index);
    if (item !== undefined) items.set(index, item);
  }
  const messages = [...items.values()];
  const [oldest] = messages;
  const all = messages.reduce((sum, item) => sum + tokensOf(item, countTokens), 0);
  if (oldest === undefined || messages.some(({ id }) => exclude.includes(id))) return { tokens: 0, all };
  const hit: SearchHit = {
    ...{ id: oldest.id, from, to, messages, score, terms },
    ...(similarity !== undefined && { similarity }),
  };
  if (all <= left) return { hit, tokens: all, all };
  const count = (item: Item) => tokensOf(item, countTokens);
  const part = all > maxTokens ? bestPassage(items, terms, { maxTokens, left }, count) : undefined;
  if (part === undefined) return { tokens: 0, all };
  const { item, passage, tokens } = part;
  return { hit: { ...hit, messages: [item], passage }, tokens, all };
}

/** As many as may be needed to fill so many tokens. */
export function firstThatFill(tokens: number, ranked: readonly RankedTurn[]): readonly RankedTurn[] {
  let estimated = 0;
  const enough = ranked.findIndex(({ length }) => {
    estimated += estimateTokens(length);
    return estimated > tokens;
  });
  return enough < 0 ? ranked : ranked.slice(0, Math.max(MIN_BATCH, enough + 1));
}

/** Items by their index. */
export function decodeItems(entries: readonly (string | number)[], epoch: string): ReadonlyMap<number, Item> {
  const items = new Map<number, Item>();
  for (let i = 0; i < entries.length; i += 2) {
    const index = Number(entries[i]);
    const item = decodeItem(String(entries[i + 1]), index, epoch);
    if (item !== undefined && item.type !== "reasoning") items.set(index, item);
  }
  return items;
}

function tokensOf(item: Item, countTokens: SearchOptions["countTokens"]): number {
  const tokens = countTokens(item);
  if (!(tokens >= 0)) throw new TypeError("countTokens must return a number, 0 or more");
  return tokens;
}
