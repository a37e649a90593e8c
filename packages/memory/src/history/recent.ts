import { MemoryError } from "../errors.ts";
import { assertCount, assertId, assertRoles } from "../validate.ts";
import type { Message, Role } from "./message.ts";

/** Which of the newest messages. */
export interface RecentOptions {
  /** How many at most. Default 5, or no limit where `maxTokens` is given. 0 gives none. */
  readonly k?: number;
  /** Only these roles; the filter applies before `k`. */
  readonly role?: Role | readonly Role[];
  /** Only messages before the one with this id. */
  readonly before?: string;
  /**
   * A tool's result is given even where its call is cut off: for people, page by page. A model's API would refuse it.
   * Default: it is left out, so that there can be fewer than `k`, though there are older ones.
   */
  readonly cutAnywhere?: boolean;
  /** As many of the newest as fit into so many tokens, by `countTokens`. */
  readonly maxTokens?: number;
  /** Tokens of one message, 0 or more. Needed with `maxTokens`; called once for each message looked at. */
  readonly countTokens?: (message: Message) => number;
}

export interface Page {
  /** Newest first. */
  readonly messages: readonly Message[];
  /** What precedes the oldest of them, back to the call that it may be a result of. */
  readonly context: readonly Message[];
  /** Whether there are older ones. */
  readonly more: boolean;
  /** The id that the next page ends before. */
  readonly next: string;
}

interface Budget {
  /** How many messages the first page had at most; each next one has twice as many. */
  readonly limit: number;
  readonly k: number;
  readonly maxTokens: number;
  readonly countTokens: (message: Message) => number;
  readonly cut: typeof keepCallsWithResults;
}

/** How many messages are read at first where it depends on their tokens how many there are to be. */
const FIRST_PAGE = 64;

/**
 * Leaves out the oldest ones where they are results of a tool call that the cut has separated from them.
 * @param newestFirst what was cut out
 * @param context     what precedes it, back to the call that its oldest results may belong to
 */
export function keepCallsWithResults(
  newestFirst: readonly Message[],
  context: readonly Message[],
): readonly Message[] {
  const caller = context.find(({ role }) => role !== "tool");
  const separated = new Set((caller?.toolCalls ?? []).map((call) => call.id));
  const firstOther = newestFirst.findLastIndex(({ role }) => role !== "tool");
  return newestFirst.filter(
    ({ toolCallId }, n) => n <= firstOther || toolCallId === undefined || !separated.has(toolCallId),
  );
}

/** The newest messages that fit, newest first. */
export async function fitTokens(
  first: Page,
  readPage: (limit: number, before: string) => Promise<Page | undefined>,
  { limit: firstLimit, k, maxTokens, countTokens, cut }: Budget,
): Promise<readonly Message[]> {
  const kept: Message[] = [];
  let tokens = 0;
  let limit = firstLimit;
  let page: Page | undefined = first;
  // No page: the session was cleared meanwhile.
  while (page !== undefined) {
    for (const [n, message] of page.messages.entries()) {
      const count = countTokens(message);
      if (!Number.isFinite(count) || count < 0) {
        throw new TypeError("countTokens must return a number, 0 or more");
      }
      tokens += count;
      if (tokens > maxTokens) {
        return cut(kept, [...page.messages.slice(n), ...page.context]);
      }
      kept.push(message);
    }
    if (!page.more || kept.length >= k) return cut(kept, page.context);
    limit = Math.min(limit * 2, k - kept.length);
    page = await readPage(limit, page.next);
  }
  return kept;
}

/**
 * The newest messages that are asked for, newest first.
 * @param readPage so many of them at most, before the one with this id (empty: the newest); undefined: there is none
 * @throws TypeError for options that are none; MemoryError `unknown_message`, and what reading throws
 */
export async function readRecent(
  options: RecentOptions,
  readPage: (limit: number, before: string, roles: readonly Role[]) => Promise<Page | undefined>,
): Promise<readonly Message[]> {
  const { k = options.maxTokens === undefined ? 5 : Number.POSITIVE_INFINITY } = options;
  const { before = "", maxTokens, countTokens } = options;
  const roles = typeof options.role === "string" ? [options.role] : (options.role ?? []);
  if (options.role !== undefined) assertRoles(roles);
  if (options.k !== undefined) assertCount("k", k);
  if (options.before !== undefined) assertId("before", before);
  const readNext = (limit: number, id: string) => readPage(limit, id, roles);
  const readFirst = async (limit: number) => {
    const page = await readNext(limit, before);
    if (page) return page;
    throw new MemoryError("unknown_message", `There is no message with the id ${JSON.stringify(before)}`);
  };
  const cut = options.cutAnywhere ? (all: readonly Message[]) => all : keepCallsWithResults;
  if (maxTokens === undefined) {
    const all = { limit: k, k, maxTokens: 0, countTokens: () => 0, cut };
    return fitTokens(await readFirst(k), readNext, all);
  }
  assertCount("maxTokens", maxTokens);
  if (typeof countTokens !== "function") throw new TypeError("countTokens must be given with maxTokens");
  const limit = Math.min(FIRST_PAGE, k);
  return fitTokens(await readFirst(limit), readNext, { limit, k, maxTokens, countTokens, cut });
}
