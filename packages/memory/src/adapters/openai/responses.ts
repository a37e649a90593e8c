import type {
  EasyInputMessage,
  ResponseInputContent,
  ResponseInputItem,
  ResponseOutputItem,
} from "openai/resources/responses/responses";
import type { NewItem, Role, ToolCall } from "../../history/item.ts";
import { keepOriginal, originalOf, type ReadableItem } from "../original.ts";
import { portableParts } from "../portable-parts.ts";

/**
 * Converts an item of the Responses API: of its input or of its output. What the fields of an item here do not hold is
 * kept in `parts` and given back by `toResponses`.
 *
 * @example
 * await history.addMessage("session_1", fromResponses({ role: "user", content: "My name is Bob" }));
 */
export function fromResponses(item: ResponseInputItem | ResponseOutputItem): NewItem {
  const converted = convert(item);
  return keepOriginal(converted, "responses", item, responsesItems(converted)[0] ?? null);
}

/**
 * Converts items to input of the Responses API. Of reasoning, the text is not sent, but what the API gave to be sent
 * back. Of a history, use `getRecent` with `for: "model"`: the API refuses calls without their outputs.
 *
 * @example
 * const input = toResponses(await history.getRecent("session_1", { for: "model", k: 50 }));
 */
export const toResponses = (items: readonly ReadableItem[]): ResponseInputItem[] =>
  items.flatMap((item) => {
    const original = originalOf<ResponseInputItem>(item, "responses");
    return original === undefined ? responsesItems(item) : [original];
  });

interface AnyItem {
  readonly type?: string;
  readonly role?: Role;
  readonly content?: unknown;
  readonly summary?: unknown;
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly output?: unknown;
}

function convert(item: ResponseInputItem | ResponseOutputItem): NewItem {
  const {
    type = "message",
    role = "user",
    content,
    summary,
    call_id: callId = "",
    ...rest
  } = item as AnyItem;
  if (type === "message") return { role, content: textOf(content) };
  if (type === "function_call") {
    const { name = "", arguments: args = "" } = rest;
    return { type, toolCalls: [{ id: callId, name, arguments: args }] };
  }
  if (type === "function_call_output") return { type, toolCallId: callId, content: textOf(rest.output) };
  return { type, content: type === "reasoning" ? textOf(summary) || textOf(content) : "" };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map(({ text, refusal }: { text?: string; refusal?: string }) => text ?? refusal ?? "")
    .join("");
}

function responsesItems(item: ReadableItem): ResponseInputItem[] {
  const { role, type, content = "", toolCalls = [], toolCallId } = item;
  if (role === "tool" || toolCallId !== undefined) {
    return [{ type: "function_call_output", call_id: toolCallId ?? "", output: content }];
  }
  const calls = toolCalls.map(toCall);
  if (role === undefined) return type === "reasoning" ? reasoning(item) : calls;
  if (role === "assistant") return content === "" && calls.length > 0 ? calls : [{ role, content }, ...calls];
  return [{ role, content: inputParts(item) ?? content }];
}

const toCall = ({ id, name, arguments: args }: ToolCall): ResponseInputItem => ({
  type: "function_call",
  call_id: id,
  name,
  arguments: args,
});

const inputParts = (item: ReadableItem): EasyInputMessage["content"] | undefined =>
  portableParts(item)?.map((part) => {
    if (Array.isArray(item.parts) && isOwn(part.stored))
      return part.stored as unknown as ResponseInputContent;
    return part.kind === "text"
      ? { type: "input_text", text: part.text }
      : { type: "input_image", image_url: part.url, detail: "auto" };
  });

/** Of each part of this API, the fields of which one is there, as a text. */
const FIELDS: Readonly<Record<ResponseInputContent["type"], readonly string[]>> = {
  input_text: ["text"],
  input_image: ["image_url", "file_id"],
  input_file: ["file_id", "file_url", "file_data"],
};

/**
 * What is in this API's format is sent as it is. Chat Completions and the Agents SDK have types of the same names with
 * other fields; a blob is stored beside the items.
 */
function isOwn(stored: object): boolean {
  const fields = stored as Readonly<Record<string, unknown>>;
  const names = Object.entries(FIELDS).find(([type]) => type === fields.type)?.[1] ?? [];
  return fields.blob === undefined && names.some((name) => typeof fields[name] === "string");
}

/** Without what the API gave to be sent back, a reasoning item is refused. */
function reasoning({ id, content = "", parts }: ReadableItem): ResponseInputItem[] {
  const fields = typeof parts === "object" && parts !== null ? parts : {};
  if (!("encrypted_content" in fields)) return [];
  const summary = content === "" ? [] : [{ type: "summary_text" as const, text: content }];
  return [{ type: "reasoning", id: id ?? "", summary, ...fields } as ResponseInputItem];
}
