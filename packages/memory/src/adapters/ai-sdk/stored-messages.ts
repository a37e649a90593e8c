import { readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";
import { damaged } from "../../errors.ts";
import type { Item, NewItem, NewMessage } from "../../history/item.ts";
import { toJson } from "../original.ts";
import { type PortablePart, portableParts } from "../portable-parts.ts";
import { CHUNKS, ChunkReader } from "./chunk-log.ts";
import { isUiPart, type UiPart } from "./ui-part.ts";

/** The type of an item that holds an assistant's message as the page has changed it, to be continued. */
const CONTINUED = "ui_message";

/** A message of the AI SDK, and the first of the items that it is stored as. */
export interface StoredMessage {
  readonly message: UIMessage;
  readonly itemId: string;
}

/** Converts a message of the AI SDK to one to be stored: its text, and all of its parts. */
export function fromUiMessage({ id, role, parts, metadata }: UIMessage): NewMessage {
  const content = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  return toJson({ id, role, content, parts, metadata }) as unknown as NewMessage;
}

/** An item to begin a turn with that continues an assistant's message, whose tool calls the page has answered. */
export const continuedItem = (message: UIMessage): NewItem => ({ type: CONTINUED, parts: toJson(message) });

function continuedMessage({ parts }: Item): UIMessage {
  const message = parts as Partial<UIMessage> | null | undefined;
  if (typeof message?.id !== "string" || !Array.isArray(message.parts)) throw damaged();
  return message as UIMessage;
}

/**
 * Converts items to messages of the AI SDK. A turn that was interrupted is read as far as it came. Items that the AI
 * SDK did not write are messages of text and images.
 * @throws MemoryError `damaged`
 */
export async function toStoredMessages(items: readonly Item[]): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  const add = (message: UIMessage, itemId: string) => {
    const last = found.at(-1);
    // A continued message takes the place of what it continues.
    if (last?.message.id === message.id) found[found.length - 1] = { message, itemId: last.itemId };
    else found.push({ message, itemId });
  };
  for (let n = 0; n < items.length; ) {
    const item = items[n] as Item;
    const run = runOfChunks(items, n);
    if (run.length > 0) {
      const before = found.at(-1)?.message;
      const message = await replay(chunksOf(run), before?.role === "assistant" ? before : undefined);
      if (message) add({ ...finished(message), id: message.id || item.id }, item.id);
    } else if (item.type === CONTINUED) {
      add(continuedMessage(item), item.id);
    } else {
      const message = toUiMessage(item);
      if (message) add(message, item.id);
    }
    n += Math.max(1, run.length);
  }
  return found;
}

/** Reads a message out of the chunks of its stream. @param base the message that they continue */
export async function replay(
  chunks: readonly UIMessageChunk[],
  base: UIMessage | undefined,
): Promise<UIMessage | undefined> {
  const start = chunks.find(({ type }) => type === "start") as { messageId?: string } | undefined;
  const message = base !== undefined && start?.messageId === base.id ? structuredClone(base) : undefined;
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of joinDeltas(chunks)) controller.enqueue(chunk);
      controller.close();
    },
  });
  let last: UIMessage | undefined;
  // An error of the model is a chunk too: what came before it counts.
  const messages = readUIMessageStream({ stream, ...(message && { message }), onError: () => {} });
  for await (const state of messages) last = state;
  return last;
}

/** One delta for those that follow one another: the whole message is copied for each chunk that is read. */
function joinDeltas(chunks: readonly UIMessageChunk[]): UIMessageChunk[] {
  const joined: UIMessageChunk[] = [];
  for (const chunk of chunks) {
    const last = joined.at(-1);
    const isNext =
      (chunk.type === "text-delta" || chunk.type === "reasoning-delta") &&
      last?.type === chunk.type &&
      last.id === chunk.id &&
      !chunk.providerMetadata;
    if (isNext) joined[joined.length - 1] = { ...last, delta: last.delta + chunk.delta };
    else joined.push(chunk);
  }
  return joined;
}

/** The items from an index on that hold one stream: none if there is no item with chunks among them. */
function runOfChunks(items: readonly Item[], from: number): readonly Item[] {
  const { turnId } = items[from] as Item;
  const isPart = ({ role, type, parts, turnId: its }: Item) =>
    its !== undefined && its === turnId && (type === CHUNKS || (role === "assistant" && parts === undefined));
  const after = items.findIndex((item, n) => n >= from && !isPart(item));
  const run = items.slice(from, after < 0 ? items.length : after);
  return run.some(({ type }) => type === CHUNKS) ? run : [];
}

function chunksOf(run: readonly Item[]): UIMessageChunk[] {
  const reader = new ChunkReader();
  return run.flatMap(({ type, content }) => (type === CHUNKS ? reader.lines(content) : reader.text(content)));
}

/** A message whose stream was interrupted, as one that a model can be sent: no call is left without an output. */
function finished(message: UIMessage): UIMessage {
  const parts = message.parts.flatMap((part): UIMessage["parts"] => {
    if ("state" in part && part.state === "streaming") return [{ ...part, state: "done" }];
    if (!("toolCallId" in part)) return [part];
    if (part.state === "input-streaming") return [];
    if (part.state !== "input-available") return [part];
    return [
      { ...part, state: "output-error", errorText: "The answer was interrupted" } as unknown as typeof part,
    ];
  });
  return { ...message, parts };
}

/** Undefined for another kind of item, such as a tool's result that another adapter stored. */
function toUiMessage(item: Item): UIMessage | undefined {
  const { id, role, parts, metadata } = item;
  if (role === undefined || role === "tool") return undefined;
  const hasOwnParts = Array.isArray(parts) && (parts.length === 0 || parts.some(isUiPart));
  return {
    id,
    role: role === "developer" ? "system" : role,
    parts: partsOf(item),
    ...(hasOwnParts && metadata !== undefined && { metadata }),
  };
}

/** The AI SDK's own parts as they are. Others are converted if the user wrote them; else the text stands for them. */
function partsOf(item: Item): UIMessage["parts"] {
  const { role, content, parts } = item;
  const text: UiPart = { type: "text", text: content };
  if (!Array.isArray(parts)) return role === "user" ? (portableParts(item)?.map(toUiPart) ?? [text]) : [text];
  if (parts.length === 0) return content === "" ? [] : [text];
  if (role === "user")
    return (portableParts(item) ?? []).map((part) => (isUiPart(part.stored) ? part.stored : toUiPart(part)));
  const own = parts.filter(isUiPart);
  return content === "" || own.some(({ type }) => type === "text") ? own : [text, ...own];
}

const toUiPart = (part: PortablePart): UiPart =>
  part.kind === "text"
    ? { type: "text", text: part.text }
    : { type: "file", mediaType: mediaTypeOf(part.url), url: part.url };

const mediaTypeOf = (url: string): string => /^data:([^;,]+)/.exec(url)?.[1] ?? "image/*";
