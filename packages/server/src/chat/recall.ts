import type { Item, Passage } from "@redis-memory-magic/memory";
import { termsOf } from "@redis-memory-magic/memory/internal";
import type { RecallFailure } from "@redis-memory-magic/protocol";
import { type CountFunctions, largestThatFits } from "./largest-that-fits.ts";
import { readInTime } from "./read-in-time.ts";
import { recallBlock, recallLines } from "./recall-block.ts";
import type { Search } from "./recall-search.ts";

/** A turn that is sent again, though it is outside the window. */
export interface RecalledTurn {
  /** The id of the other session that it is in; absent: this one. */
  readonly session?: string | undefined;
  /** The index of its first item, and the index behind its last. */
  readonly from: number;
  readonly to: number;
  /** What of it was quoted; absent: all. */
  readonly passage?: Passage | undefined;
  readonly score: number;
  /** How similar its meaning is to the message's; absent: it was found by words. */
  readonly similarity?: number | undefined;
  readonly terms: readonly { readonly term: string; readonly weight: number }[];
}

/** What was searched outside the window, and what was found. */
export interface Recall {
  /** Best first. */
  readonly turns: readonly RecalledTurn[];
  /** Items that were searched, of all that are outside the window or in other sessions. */
  readonly searched: number;
  readonly total: number;
  /** Other sessions that were searched; absent: none was to be. */
  readonly sessions?: number | undefined;
  /** Turns that have words of the question, or stand beside one that has. */
  readonly matched: number;
  /** How long the search took. */
  readonly ms: number;
  readonly failed?: RecallFailure | undefined;
}

/** What a recall adds to a context. */
export interface Recalled {
  readonly recall: Recall;
  /** What is put before the user's message; empty: nothing was found. */
  readonly block: string;
  readonly tokens: number;
  /** How many items of the session it has. */
  readonly items: number;
}

interface RecallOptions extends CountFunctions {
  readonly search: Search;
  /** The items of the context, the turn's input last. */
  readonly items: readonly Item[];
  /** Ids of items whose turns are not recalled. */
  readonly exclude?: readonly string[];
  readonly maxTokens: number;
}

/** The message before a question with fewer words is its context. */
const FEW_WORDS = 3;

/** Finds turns outside the window that have words of the user's message. A failure is part of the result. */
export async function recallTurns(options: RecallOptions): Promise<Recalled> {
  const { search, items, exclude = [], maxTokens, estimate } = options;
  const asked = queryOf(items);
  if (asked === undefined) return nothing("no_words");
  const startedAt = performance.now();
  const before = items[0]?.id;
  // Those that are counted are quoted afterwards.
  const counted = new Map<Item, string>();
  const linesOf: typeof recallLines = (item, title, isCut) => {
    if (title !== undefined || isCut) return recallLines(item, title, isCut);
    const lines = counted.get(item) ?? recallLines(item);
    counted.set(item, lines);
    return lines;
  };
  const searching = search(asked.query, {
    ...(asked.context !== undefined && { context: asked.context }),
    maxTokens: Math.max(0, maxTokens - estimate(recallBlock([]))),
    countTokens: (item) => estimate(linesOf(item)),
    // Empty for a message that is not stored yet: then everything is older.
    ...(before && { before }),
    exclude,
  });
  const found = await readInTime(searching);
  if (typeof found === "string") return nothing(found, performance.now() - startedAt);
  const ms = performance.now() - startedAt;
  const { searched, total, sessions, matched } = found;
  const bestFirst = found.hits.map(({ session, messages, ...hit }) => ({
    ...hit,
    session: session?.id,
    title: session?.title,
    items: messages,
  }));
  const { kept, block, tokens } = await largestThatFits(
    bestFirst,
    maxTokens,
    (hits) => (hits.length === 0 ? "" : recallBlock(inOrder(hits), linesOf)),
    options,
  );
  const turns = kept.map(({ session, from, to, passage, score, similarity, terms }) => ({
    ...(session !== undefined && { session }),
    from,
    to,
    ...(passage && { passage }),
    score: rounded(score),
    ...(similarity !== undefined && { similarity: rounded(similarity) }),
    terms: terms.map(({ term, weight }) => ({ term, weight: rounded(weight) })),
  }));
  const own = kept.filter(({ session }) => session === undefined);
  return {
    recall: {
      turns,
      searched,
      total,
      ...(sessions !== undefined && { sessions }),
      matched,
      ms: rounded(ms),
    },
    block,
    tokens,
    items: own.reduce((sum, { items }) => sum + items.length, 0),
  };
}

const nothing = (failed: RecallFailure, ms = 0): Recalled => ({
  recall: { turns: [], searched: 0, total: 0, matched: 0, ms: rounded(ms), failed },
  block: "",
  tokens: 0,
  items: 0,
});

interface PlacedTurn extends Pick<RecalledTurn, "session" | "from"> {
  readonly items: readonly Item[];
}

/** Turns as they are quoted: those of other sessions by their dates, then those of this one as they stand in it. */
export const inOrder = <Turn extends PlacedTurn>(turns: readonly Turn[]): Turn[] =>
  turns.toSorted((a, b) =>
    a.session === b.session
      ? a.from - b.from
      : a.session === undefined
        ? 1
        : b.session === undefined
          ? -1
          : timeOf(a) - timeOf(b) || (a.session < b.session ? -1 : 1),
  );

const timeOf = ({ items }: PlacedTurn): number => items[0]?.createdAt.getTime() ?? 0;

/** To two decimals: they are stored with the turn. */
const rounded = (value: number): number => Math.round(value * 100) / 100;

/**
 * The user's message, with the one before it as its context if it has few words. A message without words is replaced by the one
 * before it, as vectors are compared with the query alone. Undefined: neither has words.
 */
function queryOf(items: readonly Item[]): { readonly query: string; readonly context?: string } | undefined {
  const said = items.filter(({ role, toolCallId }) => role === "user" && toolCallId === undefined);
  const [message = "", before = ""] = said
    .slice(-2)
    .map(({ content }) => content)
    .toReversed();
  const words = termsOf(message, FEW_WORDS).length;
  if (words >= FEW_WORDS) return { query: message };
  if (words > 0) return { query: message, context: before };
  return termsOf(before, 1).length === 0 ? undefined : { query: before };
}
