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
  /** Given by the caller, else made of the session's epoch and the message's place: `x7k2m9qa-12`. */
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
export function encodeMessage(message: NewMessage): { role: Role; tail: string } {
  const extras: Extras = {};
  if (message.id !== undefined) extras.id = message.id;
  if (message.toolCalls !== undefined) extras.calls = message.toolCalls;
  if (message.toolCallId !== undefined) extras.callId = message.toolCallId;
  if (message.metadata !== undefined) extras.metadata = message.metadata;
  const more = Object.keys(extras).length > 0 ? `,${JSON.stringify(extras)}` : "";
  return { role: message.role, tail: `${JSON.stringify(message.content)}${more}]` };
}

/** Undefined when the record is not one of a message: someone else wrote it, or a later version did. */
export function decodeMessage(record: string, place: number, epoch: string): Message | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(record);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts[0] !== 1) return undefined;
  const [, role, time, content, extras = {}] = parts as [1, unknown, unknown, unknown, Extras?];
  if (!isRole(role) || typeof time !== "number" || typeof content !== "string") return undefined;
  if (typeof extras !== "object" || extras === null) return undefined;
  return {
    id: extras.id ?? `${epoch}-${place}`,
    role,
    content,
    createdAt: new Date(time),
    ...(extras.calls && { toolCalls: extras.calls }),
    ...(extras.callId !== undefined && { toolCallId: extras.callId }),
    ...(extras.metadata !== undefined && { metadata: extras.metadata }),
    ...(extras.turn !== undefined && { turnId: extras.turn }),
  };
}

export const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value);
