/** Who a message is from. Case matters. */
export const ROLES = ["system", "developer", "user", "assistant", "tool"] as const;
export type Role = (typeof ROLES)[number];

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The types of `metadata` and `parts`, for a typed history: `MessageHistory<{ metadata: { channel: string } }>`.
 * What is left out is `Json`. Nothing checks them when items are read.
 */
export interface ItemTypes {
  readonly metadata?: unknown;
  readonly parts?: unknown;
}

type MetadataOf<T extends ItemTypes> = T extends { readonly metadata: infer Metadata } ? Metadata : Json;
type PartsOf<T extends ItemTypes> = T extends { readonly parts: infer Parts } ? Parts : Json;

/** A call that a model asks for; `arguments` is JSON, as the model wrote it. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** What every entry of a session has. Absent fields are absent, not `undefined`. */
interface Entry<T extends ItemTypes> {
  /** Given by the caller, else made of the session's epoch and the item's index: `3f9a0c71-12`. */
  readonly id: string;
  /** The text, for display, search and counting. */
  readonly content: string;
  readonly createdAt: Date;
  /** The full content in its writer's format. Text of it that is also in `content` is stored once. */
  readonly parts?: PartsOf<T>;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  readonly metadata?: MetadataOf<T>;
  /** The turn that wrote it, if one did. */
  readonly turnId?: string;
}

/** An entry with a role. */
export interface Message<T extends ItemTypes = ItemTypes> extends Entry<T> {
  readonly role: Role;
  readonly type?: undefined;
}

/**
 * An entry without a role: `reasoning`, `function_call`, `function_call_output`, or any other type, which is kept
 * verbatim. The content of a function call is its arguments.
 */
export interface OtherItem<T extends ItemTypes = ItemTypes> extends Entry<T> {
  readonly type: string;
  readonly role?: undefined;
}

/** One entry of a session. */
export type Item<T extends ItemTypes = ItemTypes> = Message<T> | OtherItem<T>;

interface NewEntry<T extends ItemTypes> extends Partial<Omit<Entry<T>, "turnId">> {}

/** A message to be stored. `id` and `createdAt` are for history that has them already. */
export interface NewMessage<T extends ItemTypes = ItemTypes> extends NewEntry<T> {
  readonly role: Role;
  readonly type?: undefined;
  readonly content: string;
}

/** An item without a role to be stored. The default `content` is the arguments of its one tool call, or empty. */
export interface NewOtherItem<T extends ItemTypes = ItemTypes> extends NewEntry<T> {
  readonly type: string;
  readonly role?: undefined;
}

/** An item to be stored. */
export type NewItem<T extends ItemTypes = ItemTypes> = NewMessage<T> | NewOtherItem<T>;

export const isRole = (value: unknown): value is Role => (ROLES as readonly unknown[]).includes(value);

/** True for an item with a role. */
export const isMessage = <T extends ItemTypes>(item: Item<T>): item is Message<T> => item.role !== undefined;
