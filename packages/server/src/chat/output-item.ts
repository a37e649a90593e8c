import type { OutputItem } from "@redis-memory-magic/memory";
import type { OutputItem as WireItem } from "@redis-memory-magic/protocol";

/** An item of a turn's output as the API shows it. */
export function toOutputItem({ role, type, content, toolCalls, toolCallId, parts }: OutputItem): WireItem {
  return {
    type: type ?? "message",
    ...(role !== undefined && { role }),
    content,
    ...(toolCalls && { tool_calls: toolCalls.map((call) => ({ ...call })) }),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
    ...(parts !== undefined && { parts }),
  };
}
