import type { Json, NewItem } from "@redis-memory-magic/memory";
import { type Fields, isFields } from "../fields.ts";

/**
 * What a provider's server adds to a tool call and wants back with it, such as Gemini's signature of its reasoning.
 * It is opaque: kept beside the call, as it came.
 */
export interface ExtraContent {
  readonly extra_content: Fields<Json>;
  /** The server that it is sent back to, and no other: see `ChatModel.origin`. Absent: it is sent to none. */
  readonly origin?: string;
}

/** Gemini's grow with what the model thought, and have a few kilobytes. */
const MAX_KIB = 256;

/** Why it cannot be kept, to follow its name; undefined: it can. */
export const excessOf = (content: Fields<Json>): string | undefined =>
  JSON.stringify(content).length > MAX_KIB * 1024 ? `has more than ${MAX_KIB} KiB` : undefined;

/** The extra content among a call's metadata, if it has one. */
export function extraContentOf(metadata: unknown): ExtraContent | undefined {
  if (!isFields(metadata)) return undefined;
  const { extra_content } = metadata;
  if (!isFields<Json>(extra_content)) return undefined;
  const origin = originOf(metadata);
  return { extra_content, ...(origin !== undefined && { origin }) };
}

/** The server that an item came from, or is for, where it is known. */
export const originOf = (metadata: unknown): string | undefined =>
  isFields(metadata) && typeof metadata.origin === "string" ? metadata.origin : undefined;

/** The items of a client: their reasoning, and what was added to their calls, is for the server that it asks. */
export const withOrigin = (items: readonly NewItem[], origin: string | undefined): NewItem[] =>
  items.map((item) => {
    const { type, metadata } = item;
    const hasOrigin = type === "reasoning" || extraContentOf(metadata) !== undefined;
    if (!hasOrigin || origin === undefined || originOf(metadata) !== undefined) return item;
    return { ...item, metadata: { ...(metadata as Fields<Json> | undefined), origin } };
  });
