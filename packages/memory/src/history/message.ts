/** Who speaks. Case matters. */
export const ROLES = ["system", "user", "assistant", "tool"] as const;
export type Role = (typeof ROLES)[number];

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A call that a model asks for; `arguments` is JSON, as the model wrote it. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** A message as it is kept. Absent fields are absent, not `undefined`. */
export interface Message {
  /** Given by the caller, else made of the session's epoch and the message's index: `3f9a0c71-12`. */
  readonly id: string;
  readonly role: Role;
  readonly content: string;
  readonly createdAt: Date;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  readonly metadata?: Json;
  /** The turn that wrote it, where one did. */
  readonly turnId?: string;
}

/** A message to be kept. `id` and `createdAt` are for history that has them already. */
export interface NewMessage {
  readonly role: Role;
  readonly content: string;
  readonly id?: string;
  readonly createdAt?: Date;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  readonly metadata?: Json;
}

// What stands behind the content, only where there is something.
interface Extras {
  id?: string;
  turn?: string;
  calls?: readonly ToolCall[];
  callId?: string;
  metadata?: Json;
}

/**
 * A message's record is a JSON array, `[1,"user",1732264800000,"Hi"]`: layout version, role, time in ms,
 * content, and an object with whatever else it has. Redis puts the time in, so the record comes in two halves.
 */
export function encodeMessage(message: NewMessage & { readonly turnId?: string }): {
  role: Role;
  tail: string;
} {
  const extras: Extras = {};
  if (message.id !== undefined) extras.id = message.id;
  if (message.turnId !== undefined) extras.turn = message.turnId;
  if (message.toolCalls !== undefined) {
    extras.calls = message.toolCalls.map((call) => ({
      id: call.id,
      name: call.name,
      arguments: call.arguments,
    }));
  }
  if (message.toolCallId !== undefined) extras.callId = message.toolCallId;
  if (message.metadata !== undefined) extras.metadata = message.metadata;
  const more = Object.keys(extras).length > 0 ? `,${JSON.stringify(extras)}` : "";
  return { role: message.role, tail: `${JSON.stringify(message.content)}${more}]` };
}

/** Makes a message of what stands behind the version in a record; undefined when it is none. */
type Decoder = (fields: readonly unknown[], derivedId: string) => Message | undefined;

/** One for each layout version that was ever written: what is stored outlives an upgrade. */
const DECODERS: ReadonlyMap<unknown, Decoder> = new Map([[1, decodeVersion1]]);

/** Undefined when the record is not one of a message: someone else wrote it, or a later version did. */
export function decodeMessage(record: string, index: number, epoch: string): Message | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(record);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [version, ...fields] = parts as unknown[];
  return DECODERS.get(version)?.(fields, `${epoch}-${index}`);
}

function decodeVersion1(
  [role, time, content, extras = {}]: readonly unknown[],
  derivedId: string,
): Message | undefined {
  if (!isRole(role) || typeof content !== "string" || !isExtras(extras)) return undefined;
  const createdAt = new Date(typeof time === "number" ? time : Number.NaN);
  if (Number.isNaN(createdAt.getTime())) return undefined;
  return {
    id: extras.id ?? derivedId,
    role,
    content,
    createdAt,
    ...(extras.calls && { toolCalls: extras.calls }),
    ...(extras.callId !== undefined && { toolCallId: extras.callId }),
    ...(extras.metadata !== undefined && { metadata: extras.metadata }),
    ...(extras.turn !== undefined && { turnId: extras.turn }),
  };
}

/** The id that a caller gave to the message of a record, where one did. */
export function givenId(record: string, index: number, epoch: string): string | undefined {
  const id = decodeMessage(record, index, epoch)?.id;
  return id === `${epoch}-${index}` ? undefined : id;
}

export const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value);

function isExtras(value: unknown): value is Extras {
  if (!isObject(value) || Array.isArray(value)) return false;
  const { id, turn, callId, calls } = value;
  const areStrings = [id, turn, callId].every((field) => field === undefined || typeof field === "string");
  return areStrings && (calls === undefined || (Array.isArray(calls) && calls.every(isToolCall)));
}

const isToolCall = (value: unknown): value is ToolCall =>
  isObject(value) && [value.id, value.name, value.arguments].every((field) => typeof field === "string");

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
