import type { Item } from "@redis-memory-magic/memory";
import type { Lack } from "@redis-memory-magic/protocol";
import type { ContentPart, ContextItem, ImagePart } from "./context-item.ts";
import { readParts } from "./stored-parts.ts";

/** An image's tokens: a token for each square of so many pixels, as most models that see have it. */
const SQUARE = 32;
const MAX_IMAGE_TOKENS = 1536;
const UNKNOWN_IMAGE_TOKENS = 1000;
/** A file's tokens: about two pages. What a provider makes of a file is not known before. */
const FILE_TOKENS = 1000;

/** The text of an item that is counted: all that a model is sent of it. What a model thought is seldom sent. */
export function countedText({ content, toolCalls, type }: Item, lacks: readonly Lack[] = []): string {
  if (toolCalls === undefined) return type === "reasoning" && !lacks.includes("bare_answers") ? "" : content;
  const calls = toolCalls.map(({ name, arguments: args }) => `${name} ${args}`).join("\n");
  return type === undefined ? `${content}\n${calls}` : calls;
}

/** Tokens of an item's images and files. */
export const attachmentTokens = ({ parts }: Item): number =>
  tokensOfAttachments(readParts(parts)?.parts ?? []);

/** Tokens of images and files. They are estimated for all models in the same way. */
export const tokensOfAttachments = (parts: readonly ContentPart[]): number =>
  parts.reduce(
    (sum, part) =>
      sum + (part.type === "text" ? 0 : part.type === "file" ? FILE_TOKENS : tokensOfImage(part)),
    0,
  );

export function tokensOfImage({ width, height, detail }: ImagePart): number {
  if (detail === "low") return 85;
  if (width === undefined || height === undefined) return UNKNOWN_IMAGE_TOKENS;
  return Math.min(Math.ceil(width / SQUARE) * Math.ceil(height / SQUARE), MAX_IMAGE_TOKENS);
}

/** The same text of an item as it is sent. */
export const sentText = (item: ContextItem): string =>
  item.type === "function_call" ? `${item.name} ${item.arguments}` : item.content;

/** True if there is more than text in it, whose tokens can only be guessed. */
export const hasMoreThanText = (items: readonly ContextItem[]): boolean =>
  items.some((item) => item.type !== "function_call" && item.parts !== undefined);
