import { type Item, isRole, type Json, type NewItem, type ToolCall } from "./item.ts";
import { type References, removeSharedText, restoreSharedText } from "./shared-text.ts";

/** An item to be stored, with the turn that wrote it. */
export type EncodableItem = NewItem & { readonly turnId?: string };

/** A tool call as it is stored: its arguments are left out if they are the content. */
export type StoredCall = Omit<ToolCall, "arguments"> & { readonly arguments?: string };

// The object at the end of a record: present only if the item has one of these.
interface Extras {
  /** Null: the id given was in use. */
  id?: string | null;
  turn?: string;
  calls?: readonly StoredCall[];
  callId?: string;
  metadata?: Json;
  parts?: Json;
  /** Which strings of `parts` are in the content, and emptied in the record. */
  refs?: References;
}

interface EncodedItem {
  readonly version: 1 | 2;
  /** The role, or the type of an item without one. */
  readonly kind: string;
  /** What follows the time in the record. */
  readonly tail: string;
}

/**
 * A record is a JSON array, `[1,"user",1732264800000,"Hi"]`: layout version, role or type, time in ms, content, and
 * an object with all other fields. Redis sets the time, so a record is made in two halves. Version 1 is for what it
 * can hold, so that a session of plain messages stays one that earlier versions of this library can read.
 */
function encodeItem(item: EncodableItem): EncodedItem {
  const { role, type, toolCalls, parts } = item;
  const isVersion1 = role !== undefined && role !== "developer" && parts === undefined;
  const content = item.content ?? (toolCalls?.length === 1 ? toolCalls[0]?.arguments : undefined) ?? "";
  const extras = JSON.stringify(encodeExtras(item, content, !isVersion1));
  const more = extras === "{}" ? "" : `,${extras}`;
  return { version: isVersion1 ? 1 : 2, kind: role ?? type, tail: `${JSON.stringify(content)}${more}]` };
}

/**
 * The object at the end of a record.
 * @param item of a call without arguments, these are the content
 */
export function encodeExtras(
  item: Omit<Partial<EncodableItem>, "toolCalls"> & { readonly toolCalls?: readonly StoredCall[] },
  content: string,
  isVersion2: boolean,
): object {
  const { toolCalls, parts } = item;
  const extras: Extras = {};
  if (item.id !== undefined) extras.id = item.id;
  if (item.turnId !== undefined) extras.turn = item.turnId;
  if (toolCalls !== undefined) {
    const isOne = isVersion2 && toolCalls.length === 1;
    extras.calls = toolCalls.map(({ id, name, arguments: args }) =>
      args === undefined || (isOne && args === content) ? { id, name } : { id, name, arguments: args },
    );
  }
  if (item.toolCallId !== undefined) extras.callId = item.toolCallId;
  if (item.metadata !== undefined) extras.metadata = item.metadata;
  if (parts !== undefined) {
    const { value, references } = removeSharedText(parts, content) ?? { value: parts };
    extras.parts = value;
    if (references) extras.refs = references;
  }
  return extras;
}

/** The record of an item with a time. */
export function encodeRecord(item: EncodableItem, time: number): string {
  const { version, kind, tail } = encodeItem(item);
  return `[${version},"${kind}",${time},${tail}`;
}

/** What the scripts take for each new item, see their function `new_records`. */
export function itemArguments(item: EncodableItem): [header: string, tail: string] {
  const { version, kind, tail } = encodeItem(item);
  const time = item.createdAt?.getTime() ?? "";
  const isPlain = version === 1 && time === "" && item.id === undefined;
  return [isPlain ? kind : `${version}${kind} ${time} ${item.id ?? ""}`, tail];
}

/** Undefined if the record is not an item's: another program wrote it, or a later version of this library. */
export function decodeItem(record: string, index: number, epoch: string): Item | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(record);
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields)) return undefined;
  const [version, kind, time, content, extras = {}] = fields as unknown[];
  if (version !== 1 && version !== 2) return undefined;
  if (typeof kind !== "string" || (version === 1 && !isRole(kind))) return undefined;
  if (typeof content !== "string" || !isExtras(extras)) return undefined;
  if (version === 1 && extras.calls?.some((call) => call.arguments === undefined)) return undefined;
  const createdAt = new Date(typeof time === "number" ? time : Number.NaN);
  if (Number.isNaN(createdAt.getTime())) return undefined;
  const { id, turn, calls, callId, metadata, parts, refs } = extras;
  const item: { -readonly [Field in keyof Item]: Item[Field] } = isRole(kind)
    ? { id: id ?? `${epoch}-${index}`, role: kind, content, createdAt }
    : { id: id ?? `${epoch}-${index}`, type: kind, content, createdAt };
  if (parts !== undefined) item.parts = refs ? restoreSharedText(parts, content, refs) : parts;
  if (calls) item.toolCalls = calls.map((call) => ({ arguments: content, ...call }));
  if (callId !== undefined) item.toolCallId = callId;
  if (metadata !== undefined) item.metadata = metadata;
  if (turn !== undefined) item.turnId = turn;
  return item as Item;
}

/** The id that a caller gave to the item of a record, if one did. */
export function givenId(record: string, index: number, epoch: string): string | undefined {
  const id = decodeItem(record, index, epoch)?.id;
  return id === `${epoch}-${index}` ? undefined : id;
}

function isExtras(value: unknown): value is Extras {
  if (!isObject(value) || Array.isArray(value)) return false;
  const { id, turn, callId, calls, refs } = value;
  return (
    (id === null || isStringOrAbsent(id)) &&
    isStringOrAbsent(turn) &&
    isStringOrAbsent(callId) &&
    (calls === undefined || (Array.isArray(calls) && calls.every(isCall))) &&
    (refs === undefined || (Array.isArray(refs) && refs.every(Number.isSafeInteger)))
  );
}

const isStringOrAbsent = (value: unknown): boolean => value === undefined || typeof value === "string";

const isCall = (value: unknown): value is StoredCall =>
  isObject(value) &&
  [value.id, value.name, value.arguments ?? ""].every((field) => typeof field === "string");

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
