import type { NewItem } from "@redis-memory-magic/memory";
import type { ChatMessage, CreateCompletion } from "@redis-memory-magic/protocol/openai";
import { isFields } from "../fields.ts";
import { invalid } from "./api-error.ts";
import { readItem, textOf, withExtraContent } from "./input-items.ts";

/** Messages of Chat Completions as they are stored, and the instructions that they begin with. */
export interface ReadMessages {
  readonly system: string;
  readonly items: readonly NewItem[];
}

/** @throws AppError `invalid_request` */
export function readMessages(messages: CreateCompletion["messages"]): ReadMessages {
  const begin = messages.findIndex(({ role }) => role !== "system" && role !== "developer");
  if (begin < 0) throw invalid("messages", "must have a message that is no instruction");
  const system = messages
    .slice(0, begin)
    .map(({ content }) => (typeof content === "string" ? content : textOf(content ?? [])));
  const items = messages.slice(begin).flatMap((message, n) => readMessage(message, `messages[${begin + n}]`));
  return { system: system.join("\n\n"), items };
}

function readMessage(message: ChatMessage, field: string): NewItem[] {
  const { role, content, tool_calls, tool_call_id, reasoning_content: reasoning } = message;
  if (role === "tool") {
    if (typeof tool_call_id !== "string") throw invalid(`${field}.tool_call_id`, "must be a string");
    const output = Array.isArray(content) ? content.map(toResponsesPart) : (content ?? "");
    return [readItem({ type: "function_call_output", call_id: tool_call_id, output }, field)];
  }
  const calls = (tool_calls ?? []).map(
    ({ id, function: { name, arguments: args }, extra_content }, n): NewItem => ({
      type: "function_call",
      toolCalls: [{ id, name, arguments: args }],
      ...withExtraContent({}, extra_content, `${field}.tool_calls[${n}]`),
    }),
  );
  const parts = Array.isArray(content) ? content.map((part) => toResponsesPart(part, role)) : (content ?? "");
  const isEmpty = parts.length === 0 && calls.length > 0;
  return [
    ...(role === "assistant" && typeof reasoning === "string" && reasoning !== ""
      ? [{ type: "reasoning", content: reasoning }]
      : []),
    ...(isEmpty ? [] : [readItem({ role, content: parts as ChatMessage["content"] }, field)]),
    ...calls,
  ];
}

/** A part of Chat Completions as the Responses API has it, in which this server stores them. */
function toResponsesPart(
  part: Readonly<Record<string, unknown>>,
  role: unknown = "user",
): Readonly<Record<string, unknown>> & { type: string } {
  const { type, text, image_url, file } = part;
  if (type === "text") return { type: role === "assistant" ? "output_text" : "input_text", text };
  if (type === "image_url" && (isFields(image_url) || typeof image_url === "string")) {
    // Some clients leave out the object around the address.
    const { url, detail } = typeof image_url === "string" ? { url: image_url } : image_url;
    return { type: "input_image", image_url: url, ...(typeof detail === "string" && { detail }) };
  }
  if (type === "file" && isFields(file)) return { ...file, type: "input_file" };
  return { ...part, type: String(type) };
}
