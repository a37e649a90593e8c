import type { Item, ItemsResponse, Message } from "@redis-memory-magic/protocol";
import type { ToolCall } from "../stream/live-turn.ts";

/** A message with what its model thought before it, and the functions that it called. */
export interface PageMessage extends Message {
  /** Empty: nothing, or nothing that the model said. */
  readonly reasoning: string;
  readonly calls: readonly ToolCall[];
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly PageMessage[];
  readonly next_before: string | null;
}

/** Joins the items of one answer: what the model thought, what it said, and the functions that it called. */
export function toMessages({ items, next_before }: ItemsResponse): MessagePage {
  const messages: PageMessage[] = [];
  let thoughts: Item[] = [];
  for (const item of items) {
    if (item.type === "reasoning") {
      thoughts.push(item);
      continue;
    }
    const { type, ...fields } = item;
    const role = item.role ?? ROLES[type];
    if (role === undefined) continue;
    const calls = item.tool_calls ?? [];
    const last = messages.at(-1);
    if (type === "function_call" && last !== undefined && isSameAnswer(last, item)) {
      messages[messages.length - 1] = { ...last, calls: [...last.calls, ...calls] };
      continue;
    }
    const own = thoughts.filter(({ turn }) => turn?.id === item.turn?.id);
    messages.push({
      ...fields,
      role,
      // Of a call it is the arguments.
      content: type === "function_call" ? "" : item.content,
      reasoning: role === "assistant" ? textOf(own) : "",
      calls,
    });
    thoughts = [];
  }
  return { messages: withLastTurns(messages), next_before };
}

/** Gives questions the turn that answered them last: Redis has them with their first one, also behind a retry. */
function withLastTurns(messages: readonly PageMessage[]): readonly PageMessage[] {
  const asking = new Set(messages.flatMap(({ role, turn }) => (role === "assistant" ? [] : [turn?.id])));
  const last = new Map<string | undefined, Message["turn"]>();
  for (const [index, { role, turn }] of messages.entries()) {
    const before = messages[index - 1];
    const isRetry = role === "assistant" && turn !== undefined && !asking.has(turn.id);
    if (isRetry && before?.turn !== undefined && before.role !== "assistant") last.set(before.turn.id, turn);
  }
  return messages.map((message) =>
    message.role !== "assistant" && last.has(message.turn?.id)
      ? { ...message, turn: last.get(message.turn?.id) }
      : message,
  );
}

/** The roles of items without one, where the page shows them. */
const ROLES: Readonly<Record<string, Message["role"]>> = {
  function_call: "assistant",
  function_call_output: "tool",
};

const isSameAnswer = (last: PageMessage, item: Item): boolean =>
  last.role === "assistant" && last.turn?.id === item.turn?.id;

/** The text of what a model thought; it may come in several items. */
const textOf = (thoughts: readonly { readonly content: string }[]): string =>
  thoughts
    .map(({ content }) => content)
    .filter((content) => content !== "")
    .join("\n\n");
