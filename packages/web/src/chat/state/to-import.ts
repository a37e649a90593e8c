import { attachedParts, imageData, toRequest, withData } from "./attachment.ts";
import type { ShownMessage } from "./shown-message.ts";

/** Returns a message with the images that the page or Redis still has. */
export const withKnownImages = async (sessionId: string, message: ShownMessage): Promise<ShownMessage> => ({
  ...message,
  attachments: await withData(sessionId, message.attachments, (id, image) =>
    imageData(id, image).catch(() => null),
  ),
});

/** Counts the attachments of a message that an import cannot take: the page does not have them. */
export const countLost = ({ attachments }: ShownMessage): number =>
  attachments.length - toRequest(attachments).length;

/** Returns a message as an import takes it, without what `countLost` counts. */
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
