import { attachedParts } from "./attachment.ts";
import type { ShownMessage } from "./shown-message.ts";

/** Returns a message as an import takes it. An image that the page does not have is left out. */
export function toImport({ role, content, attachments, calls, callId, createdAt }: ShownMessage) {
  const parts = attachedParts(attachments);
  const files = parts.flatMap(({ text }) => (typeof text === "string" ? [text] : []));
  return {
    role,
    content: [content, ...files].join("\n\n"),
    created_at: createdAt,
    ...(parts.length > 0 && { parts: [{ type: "input_text", text: content }, ...parts] }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(callId !== null && { tool_call_id: callId }),
  };
}
