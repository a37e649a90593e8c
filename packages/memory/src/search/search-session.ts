import type { Item, ItemTypes } from "../history/item.ts";
import { decodeItem } from "../history/item-record.ts";
import { READ_RANGES } from "../scripts/search.ts";
import { assertCount, assertFields, assertId, assertText } from "../validate.ts";
import { type IndexedTurn, type RankedTurn, rankTurns } from "./rank-turns.ts";
import { DROPPED, type ReadLimits, type Run, readTerms, type StoredTerms } from "./stored-terms.ts";
import { termsOf } from "./terms.ts";

/** What is searched, and how much of it is returned. */
export interface SearchOptions<T extends ItemTypes = ItemTypes> {
  /** As many whole turns as fit into so many tokens, by `countTokens`. */
  readonly maxTokens: number;
  /** Tokens of one item, 0 or more. */
  readonly countTokens: (item: Item<T>) => number;
  /** Searches only what is older than the item with this id: the first one in the window. */
  readonly before?: string | undefined;
  /**
   * The part of the query's words, weighed by rarity, that the best turn must have; otherwise nothing is
   * returned. Default 0.2; 0 switches it off.
   */
  readonly minCoverage?: number;
}

/** A turn that was found and fits. */
export interface SearchHit<T extends ItemTypes = ItemTypes> {
  /** The id of its first item. */
  readonly id: string;
  /** The index of its first item in the session, and the index behind its last. */
  readonly from: number;
  readonly to: number;
  /** Its items, of which `messages` of the result has all. */
  readonly messages: readonly Item<T>[];
  readonly score: number;
  /** Words of the query that it has. A weight is larger the fewer turns have the word. */
  readonly terms: readonly { readonly term: string; readonly weight: number }[];
}

export interface SearchResult<T extends ItemTypes = ItemTypes> {
  /** The items of the turns that were found and fit, oldest first. Reasoning is left out. */
  readonly messages: readonly Item<T>[];
  /** How many items were searched, of how many that could have been. */
  readonly searched: number;
  readonly total: number;
  /** How many turns have words of the query, or stand beside one that has. */
  readonly matched: number;
  /** The turns in `messages`, best first. */
  readonly hits: readonly SearchHit<T>[];
}

const FIELDS = new Set(["maxTokens", "countTokens", "before", "minCoverage"]);
const LIMITS: ReadLimits = {
  maxItems: 20_000,
  maxMs: 25,
  maxComputed: 1_000,
  now: () => performance.now(),
};
// Turns whose items are read at once, and at most.
const BATCH = 32;
const MAX_READ = 256;

/** What was found, and from which item on the terms of a session are still to be stored. */
export interface SessionSearch extends SearchResult {
  readonly missing: { readonly epoch: string; readonly from: number; readonly to: number } | null;
}

/**
 * Finds turns of a session by the words of a query.
 * @throws TypeError; MemoryError `unknown_message`, and what reading throws
 */
export async function searchSession(
  run: Run,
  query: string,
  options: SearchOptions,
  limits: Partial<ReadLimits> = {},
): Promise<SessionSearch> {
  assertSearch(query, options);
  const { before = "", minCoverage = 0.2 } = options;
  const terms = termsOf(query);
  const stored = await readTerms(run, before, { ...LIMITS, ...limits });
  const { epoch, first, entries, missingFrom } = stored;
  const dropped = entries.filter((entry) => entry === DROPPED).length;
  const known = entries.filter((entry) => entry !== undefined).length;
  const ranked = rankTurns(turnsOf(stored), terms, minCoverage);
  const { items, hits } = await readTurns(run, epoch, ranked, options);
  return {
    messages: items,
    searched: known - dropped,
    total: first + entries.length - dropped,
    matched: ranked.length,
    hits,
    missing: missingFrom === null ? null : { epoch, from: missingFrom, to: first + entries.length },
  };
}

function assertSearch(query: string, options: SearchOptions): void {
  assertText("query", query);
  assertFields("options", options, FIELDS);
  const { maxTokens, countTokens, before, minCoverage = 0 } = options;
  assertCount("maxTokens", maxTokens);
  if (typeof countTokens !== "function") throw new TypeError("countTokens must be a function");
  if (before !== undefined) assertId("before", before);
  if (!(minCoverage >= 0 && minCoverage <= 1)) throw new TypeError("minCoverage must be from 0 to 1");
}

/** A turn begins with a user's message and ends before the next one. */
function turnsOf({ first, entries }: StoredTerms): IndexedTurn[] {
  const turns: { from: number; to: number; entries: string[] }[] = [];
  for (const [n, entry] of entries.entries()) {
    if (entry === undefined || entry === DROPPED) continue;
    const last = turns.at(-1);
    if (last === undefined || entry.startsWith("u")) {
      turns.push({ from: first + n, to: first + n + 1, entries: [entry.slice(1)] });
    } else {
      last.to = first + n + 1;
      last.entries.push(entry.slice(1));
    }
  }
  return turns;
}

/** Reads turns, best first, and keeps those that fit whole. */
async function readTurns(
  run: Run,
  epoch: string,
  ranked: readonly RankedTurn[],
  { maxTokens, countTokens }: SearchOptions,
): Promise<{ items: Item[]; hits: SearchHit[] }> {
  const hits: SearchHit[] = [];
  let left = maxTokens;
  for (let next = 0; next < Math.min(ranked.length, MAX_READ) && left > 0; ) {
    const batch = ranked.slice(next, next + BATCH);
    const ranges = batch.flatMap(({ turn }) => [String(turn.from), String(turn.to - 1)]);
    const [status, , count, ...entries] = await run(READ_RANGES, [epoch, ...ranges]);
    // Cleared meanwhile.
    if (status === "gone") return { items: [], hits: [] };
    const read = decodeItems(entries, epoch);
    for (const { turn, score, terms } of batch.slice(0, Number(count))) {
      const items: Item[] = [];
      for (let index = turn.from; index < turn.to; index++) {
        const item = read.get(index);
        if (item !== undefined) items.push(item);
      }
      const [oldest] = items;
      const tokens = items.reduce((sum, item) => sum + tokensOf(item, countTokens), 0);
      if (oldest === undefined || tokens > left) continue;
      left -= tokens;
      hits.push({ id: oldest.id, from: turn.from, to: turn.to, messages: items, score, terms: terms() });
    }
    next += Number(count);
  }
  const inTime = hits.toSorted((a, b) => a.from - b.from);
  return { items: inTime.flatMap(({ messages }) => messages), hits };
}

/** Items by their index. */
function decodeItems(entries: readonly (string | number)[], epoch: string): ReadonlyMap<number, Item> {
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
