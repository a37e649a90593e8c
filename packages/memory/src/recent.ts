import type { Message } from "./message.ts";

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
  readonly k: number;
  readonly maxTokens: number;
  readonly countTokens: (message: Message) => number;
}

/** How many messages the first page of a budget has; each next one has twice as many. */
export const FIRST_PAGE = 64;

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
  { k, maxTokens, countTokens }: Budget,
): Promise<readonly Message[]> {
  const kept: Message[] = [];
  let tokens = 0;
  let limit = FIRST_PAGE;
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
        return keepCallsWithResults(kept, [...page.messages.slice(n), ...page.context]);
      }
      kept.push(message);
    }
    if (!page.more || kept.length >= k) return keepCallsWithResults(kept, page.context);
    limit = Math.min(limit * 2, k - kept.length);
    page = await readPage(limit, page.next);
  }
  return kept;
}
