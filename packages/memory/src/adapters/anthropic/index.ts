import type {
  ContentBlockParam,
  Message,
  MessageParam,
  TextBlockParam,
  ToolResultBlockParam,
} from "@anthropic-ai/sdk/resources/messages";
import type { NewItem, NewMessage, ToolCall } from "../../history/item.ts";
import { keepOriginal, originalOf, type ReadableItem } from "../original.ts";
import { portableParts } from "../portable-parts.ts";

/**
 * Converts a message of the Messages API, one that is sent or one that was received. Each tool result becomes an item
 * of its own, as elsewhere in this library. What the fields of an item here do not hold, such as images or the
 * signatures of thinking, is kept in `parts` and given back by `toAnthropic`.
 *
 * @example
 * await history.addMessages("session_1", fromAnthropic({ role: "user", content: "My name is Bob" }));
 */
export function fromAnthropic(message: MessageParam | Pick<Message, "role" | "content">): NewItem[] {
  const { role } = message;
  const content = message.content as MessageParam["content"];
  if (typeof content === "string") return [{ role, content: content.toWellFormed() }];
  const results = content.flatMap((block) => (block.type === "tool_result" ? [block] : []));
  const others = content.filter(({ type }) => type !== "tool_result");
  const items = results.map((block): NewMessage => {
    const item = { role: "tool", content: resultText(block), toolCallId: block.tool_use_id } as const;
    return keepOriginal(item, "anthropic", [block], blocksOf(item));
  });
  if (others.length === 0 && items.length > 0) return items;
  const toolCalls = others.flatMap((block): ToolCall[] =>
    block.type === "tool_use"
      ? [{ id: block.id, name: block.name, arguments: JSON.stringify(block.input) }]
      : [],
  );
  const item = { role, content: textOf(others), ...(toolCalls.length > 0 && { toolCalls }) };
  return [...items, keepOriginal(item, "anthropic", others, contentOf(item))];
}

/**
 * Converts items to what the Messages API takes: `messages`, and the instructions among them as `system`. The results
 * of parallel calls become one message, with what the user said next. Of a history, use `getRecent` with
 * `for: "model"`: the API refuses calls without their results, and a window that does not begin with the user.
 *
 * @example
 * const { system, messages } = toAnthropic(await history.getRecent("session_1", { for: "model", k: 50 }));
 */
export function toAnthropic(items: readonly ReadableItem[]): { system?: string; messages: MessageParam[] } {
  const system: string[] = [];
  const messages: MessageParam[] = [];
  // Blocks of the last message, while what follows belongs to it.
  let open: { readonly of: "calls" | "results"; readonly blocks: ContentBlockParam[] } | undefined;
  const append = (of: "calls" | "results", blocks: readonly ContentBlockParam[]) => {
    if (open?.of === of) open.blocks.push(...blocks);
    else {
      open = { of, blocks: [...blocks] };
      messages.push({ role: of === "calls" ? "assistant" : "user", content: open.blocks });
    }
  };
  for (const item of items) {
    const { role, content = "", toolCallId } = item;
    if (role === "system" || role === "developer") system.push(content);
    else if (role === "tool" || toolCallId !== undefined) append("results", blocksOf(item));
    else if (role === undefined) {
      // Reasoning of other APIs is not sent.
      if (item.toolCalls) append("calls", blocksOf(item));
    } else {
      const sent = contentOf(item);
      if (role === "user" && open?.of === "results") append("results", toBlocks(sent));
      // The API refuses messages without text.
      else if (typeof sent === "string" ? sent.trim() !== "" : sent.length > 0)
        messages.push({ role, content: sent });
      open = undefined;
    }
  }
  return { ...(system.length > 0 && { system: system.join("\n\n") }), messages };
}

/** A message's content: a text where that is all. */
function contentOf(item: ReadableItem): MessageParam["content"] {
  const isText =
    originalOf(item, "anthropic") === undefined && !item.toolCalls && !(item.role === "user" && item.parts);
  return isText ? (item.content ?? "") : blocksOf(item);
}

function blocksOf(item: ReadableItem): ContentBlockParam[] {
  const { role, content = "", toolCalls = [], toolCallId } = item;
  const original = originalOf<ContentBlockParam[]>(item, "anthropic");
  if (original) return original;
  if (toolCallId !== undefined || role === "tool") {
    return [{ type: "tool_result", tool_use_id: callId(toolCallId ?? ""), content }];
  }
  if (role === "user") return portableParts(item)?.map(toBlock) ?? toBlocks(content);
  const calls = toolCalls.map(({ id, name, arguments: args }) => ({
    type: "tool_use" as const,
    id: callId(id),
    name,
    input: parseArguments(args),
  }));
  return [...(role === "assistant" ? toBlocks(content) : []), ...calls];
}

/** The API takes these characters only; other APIs' ids have more. */
const callId = (id: string): string => id.replace(/[^\w-]/g, "_");

const toBlocks = (content: MessageParam["content"]): ContentBlockParam[] =>
  typeof content !== "string" ? content : content.trim() === "" ? [] : [{ type: "text", text: content }];

function toBlock(part: NonNullable<ReturnType<typeof portableParts>>[number]): ContentBlockParam {
  if (part.kind === "text") return { type: "text", text: part.text };
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(part.url) ?? [];
  if (mediaType === undefined || data === undefined) {
    return { type: "image", source: { type: "url", url: part.url } };
  }
  // The API says which types it takes.
  return { type: "image", source: { type: "base64", media_type: mediaType as "image/png", data } };
}

/** The API takes an object; a model can write anything. */
function parseArguments(args: string): unknown {
  try {
    const value: unknown = JSON.parse(args);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Not JSON.
  }
  return args === "" ? {} : { invalid_arguments: args };
}

const isText = (block: { type: string }): block is TextBlockParam => block.type === "text";

const textOf = (blocks: readonly { type: string }[]): string =>
  blocks.map((block) => (isText(block) ? block.text : "")).join("");

const resultText = ({ content = "" }: ToolResultBlockParam): string =>
  typeof content === "string" ? content : textOf(content);
