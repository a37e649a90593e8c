import type { Item, OutputItem } from "@redis-memory-magic/memory";
import { extraContentOf } from "../chat/extra-content.ts";

/** Returns the calls of an item as Chat Completions has them. */
export function functionCallsOf({ toolCalls = [], metadata }: Item | OutputItem) {
  const extra_content = extraContentOf(metadata)?.extra_content;
  return toolCalls.map(({ id, name, arguments: args }) => ({
    id,
    type: "function" as const,
    function: { name, arguments: args },
    ...(extra_content && { extra_content }),
  }));
}
