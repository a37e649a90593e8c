import type { Item, ItemsResponse, Message } from "@redis-memory-magic/protocol";

/** A message with what its model thought before it; empty: nothing, or nothing that it said. */
export interface ThoughtMessage extends Message {
  readonly reasoning: string;
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly ThoughtMessage[];
  readonly next_before: string | null;
}

/** Joins what a model thought with the answer of the same turn. */
export function toMessages({ items, next_before }: ItemsResponse): MessagePage {
  const messages: ThoughtMessage[] = [];
  let thoughts: Item[] = [];
  for (const { type, role, ...item } of items) {
    if (role === undefined) {
      if (type === "reasoning") thoughts.push({ type, ...item });
      continue;
    }
    const own = thoughts.filter(({ turn }) => turn?.id === item.turn?.id);
    messages.push({ ...item, role, reasoning: role === "assistant" ? textOf(own) : "" });
    thoughts = [];
  }
  return { messages, next_before };
}

/** The text of what a model thought; it may come in several items. */
const textOf = (thoughts: readonly { readonly content: string }[]): string =>
  thoughts
    .map(({ content }) => content)
    .filter((content) => content !== "")
    .join("\n\n");
