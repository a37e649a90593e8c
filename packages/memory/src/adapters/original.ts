import type { Json, NewItem } from "../history/item.ts";

/** Formats of messages that `parts` can hold beside the library's own. */
type Format = "anthropic" | "chat" | "responses" | "agents" | "langchain";

/** What the adapters read of an item: one that is stored, or one that is to be. */
export interface ReadableItem
  extends Pick<NewItem, "role" | "type" | "content" | "toolCalls" | "toolCallId" | "id"> {
  /** Of any type: a history can have types of its own. */
  readonly parts?: unknown;
  readonly metadata?: unknown;
}

/**
 * The value as JSON has it: without fields that are undefined. Half of a surrogate pair, as in a text that was cut
 * within a character, becomes U+FFFD: Redis keeps UTF-8.
 */
export function toJson(value: unknown): Json {
  const json = JSON.stringify(value);
  // Of surrogates, JSON has only the halves as escapes.
  const wellFormed = json.includes("\\ud")
    ? json.replace(/\\(ud[89a-f][0-9a-f]{2}|.)/g, (escaped, { length }) => (length > 1 ? "\\ufffd" : escaped))
    : json;
  return JSON.parse(wellFormed) as Json;
}

/**
 * Keeps an original beside the item that was made of it, as `parts: { [format]: original }`, unless the item alone
 * gives it back.
 * @param restored what the item alone gives back
 */
export function keepOriginal<I extends NewItem>(
  item: I,
  format: Format,
  original: unknown,
  restored: unknown,
): I {
  const json = toJson(original);
  const plain = toJson(item) as unknown as I;
  return isEqual(json, toJson(restored)) ? plain : { ...plain, parts: { [format]: json } };
}

/** The original that `keepOriginal` kept, if it did. */
export function originalOf<Original>({ parts }: ReadableItem, format: Format): Original | undefined {
  const isObject = typeof parts === "object" && parts !== null && !Array.isArray(parts);
  return isObject ? ((parts as Record<string, unknown>)[format] as Original | undefined) : undefined;
}

/** True if both are the same JSON; the order of an object's keys does not count. */
export function isEqual(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [entries, others] = [Object.entries(one), other as Record<string, Json>];
  return (
    entries.length === Object.keys(others).length &&
    entries.every(([key, value]) => Object.hasOwn(others, key) && isEqual(value, others[key] as Json))
  );
}
