import { unknownMessage } from "../errors.ts";
import { assertCount, assertFields, assertId, assertRoles } from "../validate.ts";
import type { Item, ItemTypes, Message, Role } from "./item.ts";
import { type LeftOut, modelWindow } from "./model-window.ts";

/** Which of the newest messages or items. */
export interface RecentOptions<I = Message> {
  /** How many at most. Default 5, or no limit if `maxTokens` is given. 0 gives none. */
  readonly k?: number;
  /** Only messages with these roles; the filter applies before `k`. */
  readonly role?: Role | readonly Role[];
  /** Only those before the one with this id. */
  readonly before?: string;
  /**
   * Also returns a tool's result whose call is older than the oldest one returned: for people, page by page. A model's
   * API would refuse it. Default: such a result is left out, so that there can be fewer than `k`, though there are
   * older ones.
   */
  readonly cutAnywhere?: boolean;
  /** As many of the newest as fit into so many tokens, by `countTokens`. */
  readonly maxTokens?: number;
  /** Tokens of one item, 0 or more. Needed with `maxTokens`; called once for each one that is looked at. */
  readonly countTokens?: (item: I) => number;
}

/** Which of the newest items, those without a role included. */
export interface RecentItemsOptions<T extends ItemTypes = ItemTypes>
  extends Omit<RecentOptions<Item<T>>, "role" | "cutAnywhere"> {
  /** `items`: all, cut anywhere. */
  readonly include?: "items";
  /** `model`: of these, what every model's API accepts, see `modelWindow`. */
  readonly for?: "model";
  /** With `for`: called for each item that is left out. */
  readonly onLeftOut?: (leftOut: LeftOut<Item<T>>) => void;
}

type AnyOptions = RecentOptions<Item> & RecentItemsOptions;

const FIELDS = new Set([
  "k",
  "role",
  "before",
  "cutAnywhere",
  "maxTokens",
  "countTokens",
  "include",
  "for",
  "onLeftOut",
]);

export interface Page {
  /** Newest first. */
  readonly items: readonly Item[];
  /** What precedes the oldest of them, back to the call that it may be a result of. */
  readonly context: readonly Item[];
  /** True if there are older ones. */
  readonly more: boolean;
  /** The id that the next page ends before. */
  readonly next: string;
}

/** Reads at most so many items before the one with this id (empty: the newest); undefined: there is no such item. */
type ReadPage = (limit: number, before: string, kinds: readonly string[]) => Promise<Page | undefined>;

/** @returns what is kept of the items; both are newest first */
type Cut = (newestFirst: readonly Item[], context: readonly Item[]) => readonly Item[];

/** How many items are read first if it depends on their tokens how many are needed. */
const FIRST_PAGE = 64;

/**
 * Returns the newest items that are asked for, newest first.
 * @throws TypeError for wrong options; MemoryError `unknown_message`, and what reading throws
 */
export async function readRecent(options: AnyOptions, readPage: ReadPage): Promise<readonly Item[]> {
  assertRecent(options);
  const { k = options.maxTokens === undefined ? 5 : Number.POSITIVE_INFINITY } = options;
  const { before = "", maxTokens, countTokens = () => 0 } = options;
  const roles = typeof options.role === "string" ? [options.role] : (options.role ?? []);
  const kinds = options.for !== undefined || options.include !== undefined ? ["*"] : roles;
  const readNext = (limit: number, id: string) => readPage(limit, id, kinds);
  const limit = maxTokens === undefined ? k : Math.min(FIRST_PAGE, k);
  const first = await readNext(limit, before);
  if (first === undefined) throw unknownMessage(before);
  const budget = { limit, k, maxTokens: maxTokens ?? Number.POSITIVE_INFINITY, countTokens };
  return fitTokens(first, readNext, budget, cutOf(options));
}

function assertRecent(options: AnyOptions): void {
  assertFields("options", options, FIELDS);
  const { k, role, before, cutAnywhere, maxTokens, countTokens, include } = options;
  if (role !== undefined) assertRoles(typeof role === "string" ? [role] : role);
  if (k !== undefined) assertCount("k", k);
  if (before !== undefined) assertId("before", before);
  if (maxTokens !== undefined) {
    assertCount("maxTokens", maxTokens);
    if (typeof countTokens !== "function") throw new TypeError("countTokens must be given with maxTokens");
  }
  if (include !== undefined && include !== "items") throw new TypeError('include must be "items"');
  if (options.for !== undefined && options.for !== "model") throw new TypeError('for must be "model"');
  if ((options.for ?? include) !== undefined && (role !== undefined || cutAnywhere !== undefined)) {
    throw new TypeError("role and cutAnywhere cannot be combined with for or include");
  }
}

function cutOf(options: AnyOptions): Cut {
  if (options.for === "model") {
    return (newestFirst) => {
      const { items, leftOut } = modelWindow(newestFirst.toReversed());
      for (const one of leftOut) options.onLeftOut?.(one);
      return items.reverse();
    };
  }
  return options.cutAnywhere || options.include ? (all) => all : keepCallsWithResults;
}

/** Leaves out the oldest ones if they are results of a tool call that the cut has separated from them. */
const keepCallsWithResults: Cut = (newestFirst, context) => {
  const caller = context.find(({ role }) => role !== "tool");
  const separated = new Set((caller?.toolCalls ?? []).map((call) => call.id));
  const firstOther = newestFirst.findLastIndex(({ role }) => role !== "tool");
  return newestFirst.filter(
    ({ toolCallId }, n) => n <= firstOther || toolCallId === undefined || !separated.has(toolCallId),
  );
};

interface Budget {
  /** How many items the first page has at most; each next one has twice as many. */
  readonly limit: number;
  readonly k: number;
  readonly maxTokens: number;
  readonly countTokens: (item: Item) => number;
}

/** Returns the newest items that fit, newest first. */
async function fitTokens(
  first: Page,
  readNext: (limit: number, before: string) => Promise<Page | undefined>,
  { limit: firstLimit, k, maxTokens, countTokens }: Budget,
  cut: Cut,
): Promise<readonly Item[]> {
  const kept: Item[] = [];
  let tokens = 0;
  let limit = firstLimit;
  let page: Page | undefined = first;
  // No page: the session was cleared meanwhile.
  while (page !== undefined) {
    for (const [n, item] of page.items.entries()) {
      const count = countTokens(item);
      if (!Number.isFinite(count) || count < 0) {
        throw new TypeError("countTokens must return a number, 0 or more");
      }
      tokens += count;
      if (tokens > maxTokens) return cut(kept, [...page.items.slice(n), ...page.context]);
      kept.push(item);
    }
    if (!page.more || kept.length >= k) return cut(kept, page.context);
    limit = Math.min(limit * 2, k - kept.length);
    page = await readNext(limit, page.next);
  }
  return cut(kept, []);
}
