import type { Message } from "./message.ts";

interface Page {
  /** Newest first. */
  messages: Message[];
  context: Message[];
  more: boolean;
  next: string;
}

interface Budget {
  k: number | undefined;
  before: string | undefined;
  maxTokens: number;
  countTokens: (message: Message) => number;
}

/**
 * Leaves out the oldest ones where they are results of a tool call that the cut has separated from them.
 * @param newestFirst what was cut out
 * @param context     what precedes it, back to the call that its oldest results may belong to
 */
export function keepCallsWithResults(newestFirst: Message[], context: readonly Message[]): Message[] {
  const separated = new Set(context.flatMap((message) => message.toolCalls ?? []).map((call) => call.id));
  const kept = [...newestFirst];
  for (let oldest = kept.at(-1); oldest?.role === "tool"; oldest = kept.at(-1)) {
    if (oldest.toolCallId === undefined || !separated.has(oldest.toolCallId)) break;
    kept.pop();
  }
  return kept;
}

const PAGE = 500;

/** The newest messages that fit, oldest first. */
export async function fitTokens(
  readPage: (limit: number, before: string) => Promise<Page>,
  { k = Number.POSITIVE_INFINITY, before = "", maxTokens, countTokens }: Budget,
): Promise<Message[]> {
  const kept: Message[] = [];
  let tokens = 0;
  for (;;) {
    const limit = Math.min(PAGE, k - kept.length);
    const page = await readPage(limit, before);
    for (const [n, message] of page.messages.entries()) {
      tokens += countTokens(message);
      if (tokens > maxTokens) {
        return keepCallsWithResults(kept, [...page.messages.slice(n), ...page.context]).reverse();
      }
      kept.push(message);
    }
    if (!page.more || kept.length >= k) return keepCallsWithResults(kept, page.context).reverse();
    before = page.next;
  }
}
