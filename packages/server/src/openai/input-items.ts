import type { Json, NewItem, Role } from "@redis-memory-magic/memory";
import { isBlobId } from "@redis-memory-magic/memory/internal";
import { itemType } from "@redis-memory-magic/protocol";
import type { CreateResponse, InputItem } from "@redis-memory-magic/protocol/openai";
import { BREAK } from "../chat/context-item.ts";
import { excessOf } from "../chat/extra-content.ts";
import { type Fields, isFields } from "../fields.ts";
import { invalid } from "./api-error.ts";
import { decodeCompaction } from "./compaction-text.ts";

/**
 * The items of a request as they are stored. Their ids are not kept: each gets one that says where it is.
 * @param field the request's list, for errors
 * @throws AppError `invalid_request`
 */
export const readInput = (input: CreateResponse["input"], field = "input"): NewItem[] =>
  typeof input === "string"
    ? [{ role: "user", content: input }]
    : withoutRepeats(input ?? [], field).map(([item, place]) => readItem(item, place));

/** Clients send an item twice, and mean it once. Returns each with its place in the request, for errors. */
export function withoutRepeats(items: readonly InputItem[], field: string): [InputItem, string][] {
  const seen = new Set<string>();
  return items.flatMap((item, n) => {
    const { id } = item;
    if (typeof id === "string") {
      if (seen.has(id)) return [];
      seen.add(id);
    }
    return [[item, `${field}[${n}]`]];
  });
}

/** @param field where the item stands in the request, for errors */
export function readItem(item: InputItem, field: string): NewItem {
  const type = item.type ?? "message";
  switch (type) {
    case "message":
      return readMessage(item, field);
    case "function_call":
      return {
        type,
        toolCalls: [
          {
            id: readString(item, "call_id", field),
            name: readString(item, "name", field),
            arguments: readString(item, "arguments", field),
          },
        ],
        ...withExtraContent(keep(item, ["namespace"]), item.extra_content, field),
      };
    case "function_call_output": {
      const callId = readString(item, "call_id", field);
      const { output } = item;
      if (typeof output === "string") return { type, toolCallId: callId, content: output };
      if (!Array.isArray(output)) throw invalid(`${field}.output`, "must be a string or a list of parts");
      return { type, toolCallId: callId, content: textOf(output), parts: ownParts(output) };
    }
    case "reasoning": {
      const { summary, content, encrypted_content } = item as Fields;
      const said = textOf([content].flat()) || textOf([summary].flat());
      const parts = withoutNulls({ summary, content, encrypted_content });
      return { type, content: said, parts };
    }
    case "compaction": {
      const { encrypted_content } = item as Fields;
      return {
        type,
        content: decodeCompaction(encrypted_content),
        parts: withoutNulls({ encrypted_content }),
      };
    }
    default:
      return readOther(item, type, field);
  }
}

function readMessage(item: InputItem, field: string): NewItem {
  const { role, content } = item;
  if (role === null || role === undefined) {
    throw invalid(`${field}.role`, "must be user, assistant, system or developer");
  }
  const kept = keep(item, ["phase"]);
  if (typeof content === "string") return { role, content, ...kept };
  if (!Array.isArray(content)) throw invalid(`${field}.content`, "must be a string or a list of parts");
  const [only, ...others] = content;
  if (only !== undefined && others.length === 0 && isPlainText(only, role)) {
    return { role, content: only.text as string, ...kept };
  }
  return { role, content: textOf(content), parts: ownParts(content), ...kept };
}

/** An item of a kind that this server does not know is kept as it is. */
function readOther(item: InputItem, type: string, field: string): NewItem {
  if (!itemType.safeParse(type).success) throw invalid(`${field}.type`, "must be the type of an item");
  const { id, type: _, ...fields } = item as Fields;
  return { type, content: "", parts: withoutNulls(fields) };
}

/** True for a part that says no more than its text: it is written again from the text alone. */
function isPlainText(part: Fields, role: Role): boolean {
  if (typeof part.text !== "string") return false;
  if (part.type !== (role === "assistant" ? "output_text" : "input_text")) return false;
  return Object.entries(part).every(
    ([name, value]) =>
      name === "type" || name === "text" || value === null || (Array.isArray(value) && value.length === 0),
  );
}

/** Parts as a client sent them. Only this server says where it has stored an image or a file. */
const ownParts = (parts: readonly unknown[]): Json =>
  parts.map((part) => {
    if (!isFields(part) || !isBlobId(part.blob)) return part;
    const { blob, ...others } = part;
    return others;
  }) as Json;

/** The text of parts, for display, search and counting. */
export const textOf = (parts: readonly unknown[]): string =>
  parts
    .flatMap((part) => {
      if (typeof part !== "object" || part === null) return [];
      const { text, refusal } = part as Fields;
      const said = text ?? refusal;
      return typeof said === "string" ? [said] : [];
    })
    .join(BREAK);

function readString(item: Fields, name: string, field: string): string {
  const value = item[name];
  if (typeof value !== "string") throw invalid(`${field}.${name}`, "must be a string");
  return value;
}

/** Fields that are kept beside the item, if it has them. */
function keep(item: Fields, names: readonly string[]): { readonly metadata?: Json } {
  const kept = names.flatMap((name) =>
    typeof item[name] === "string" ? [[name, item[name] as string]] : [],
  );
  return kept.length === 0 ? {} : { metadata: Object.fromEntries(kept) };
}

/**
 * The fields with a call's extra content. Which server it is for is added where the model is known.
 * @throws AppError `invalid_request`
 */
export function withExtraContent(
  fields: { readonly metadata?: Json },
  extra_content: unknown,
  field: string,
): { readonly metadata?: Json } {
  if (!isFields<Json>(extra_content)) return fields;
  const excess = excessOf(extra_content);
  if (excess !== undefined) throw invalid(`${field}.extra_content`, excess);
  return { metadata: { ...(fields.metadata as Fields<Json>), extra_content } };
}

const withoutNulls = (fields: Fields): Json =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as Json;
