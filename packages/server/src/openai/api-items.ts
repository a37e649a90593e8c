import type { Item, OutputItem } from "@redis-memory-magic/memory";
import { isBlobId } from "@redis-memory-magic/memory/internal";
import type { ApiItem } from "@redis-memory-magic/protocol/openai";
import { extraContentOf } from "../chat/extra-content.ts";
import { type Fields, isFields } from "../fields.ts";

type Status = "in_progress" | "completed" | "incomplete";

/** An item of a session as the API sends it. */
export function toApiItem(item: Item | OutputItem, id: string, status: Status = "completed"): ApiItem {
  const { role, content, parts, toolCalls, toolCallId, metadata } = item;
  const kept = typeof metadata === "object" && metadata !== null ? (metadata as object) : {};
  if (toolCallId !== undefined) {
    const output = Array.isArray(parts) ? toApiParts(parts) : content;
    return { id, type: "function_call_output", status, call_id: toolCallId, output };
  }
  const [call] = toolCalls ?? [];
  if (call !== undefined && content === (role === undefined ? call.arguments : "")) {
    const { id: callId, name, arguments: args } = call;
    const extra = extraContentOf(kept);
    return {
      ...keptField(kept, "namespace"),
      ...(extra && { extra_content: extra.extra_content }),
      id,
      type: "function_call",
      status,
      call_id: callId,
      name,
      arguments: args,
    };
  }
  if (role !== undefined) {
    return {
      ...keptField(kept, "phase"),
      id,
      type: "message",
      status,
      role: role === "tool" ? "user" : role,
      content: Array.isArray(parts) ? toApiParts(parts) : [textPart(role, content)],
    };
  }
  const fields = isFields(parts) ? parts : {};
  if (item.type !== "reasoning") return { status, ...fields, id, type: item.type };
  return {
    id,
    type: "reasoning",
    status,
    summary: [],
    ...(content !== "" && !("summary" in fields) && { content: [{ type: "reasoning_text", text: content }] }),
    ...fields,
  };
}

/** Without what is no part: the native API stores any JSON. */
const toApiParts = (parts: readonly unknown[]): Fields[] =>
  parts.filter((part) => isFields(part)).map(toApiPart);

/** An image or a file that is stored apart is named, and not sent again. */
function toApiPart(part: Fields): Fields {
  const { blob, media_type, width, height, ...others } = part;
  if (!isBlobId(blob)) return part;
  const isImage = others.type === "input_image";
  return {
    ...others,
    ...(isImage ? { detail: others.detail ?? "auto", image_url: null } : {}),
    file_id: blob,
  };
}

export const textPart = (role: string, text: string) =>
  role === "assistant"
    ? { type: "output_text", text, annotations: [], logprobs: [] }
    : { type: "input_text", text };

/** The type that the API has for an item, for its id. */
export function apiTypeOf({ type, role, toolCallId, toolCalls, content }: Item | OutputItem): string {
  if (toolCallId !== undefined) return "function_call_output";
  if (role === undefined) return type;
  return toolCalls !== undefined && content === "" ? "function_call" : "message";
}

/** A field that was kept beside the item, if it is there. */
function keptField(kept: object, name: string): Record<string, unknown> {
  const value = (kept as Record<string, unknown>)[name];
  return typeof value === "string" ? { [name]: value } : {};
}
