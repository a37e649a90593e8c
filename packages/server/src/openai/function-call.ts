import type { ToolCall } from "@redis-memory-magic/memory";

/** Returns a call as Chat Completions has it. */
export const toFunctionCall = ({ id, name, arguments: args }: ToolCall) => ({
  id,
  type: "function" as const,
  function: { name, arguments: args },
});
