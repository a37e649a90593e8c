import type { Message } from "@redis-memory-magic/protocol";
import type { ApiError } from "../../api/api-error.ts";
import type { LiveTurn, ToolCall } from "../stream/live-turn.ts";
import { attachmentsIn, type MessageAttachment, textIn } from "./attachment.ts";
import type { Choice } from "./choice.ts";
import type { MessagePage, PageMessage } from "./message-page.ts";

/** The turn that wrote a message, and how it ended. */
export type TurnInfo = NonNullable<Message["turn"]>;

/** A message as the conversation shows it, from sending on. */
export interface ShownMessage {
  /** Stays the same when the message gets its id, so that its row is not mounted again. */
  readonly key: string;
  /** Its id in Redis; null while it is unknown or if the message is not stored. */
  readonly id: string | null;
  readonly role: Message["role"];
  /** Its own text, without that of attached files. */
  readonly content: string;
  /** Images and files that it carries. */
  readonly attachments: readonly MessageAttachment[];
  /** What the model thought before it wrote this. */
  readonly reasoning: string;
  /** The functions that the model called after it wrote this. */
  readonly calls: readonly ToolCall[];
  /** For a tool's output: the call whose output it is. */
  readonly callId: string | null;
  readonly createdAt: string;
  readonly turn: Message["turn"];
  /** "gone": Redis had it and has it no longer. */
  readonly delivery: "stored" | "on-its-way" | "not-stored" | "refused" | "gone";
  /** For a refused message: the error, and the choice it was sent with, if there was one. */
  readonly refusal: { readonly error: ApiError; readonly choice: Choice | null } | null;
}

/** A message that has nothing yet. */
export const newMessage = (key: string, role: Message["role"]): ShownMessage => ({
  key,
  id: null,
  role,
  content: "",
  attachments: [],
  reasoning: "",
  calls: [],
  callId: null,
  createdAt: new Date().toISOString(),
  turn: undefined,
  delivery: "on-its-way",
  refusal: null,
});

export const messageOnItsWay = (
  key: string,
  content: string,
  attachments: readonly MessageAttachment[] = [],
): ShownMessage => ({ ...newMessage(key, "user"), content, attachments });

export function shownMessage(message: PageMessage, key: string): ShownMessage {
  const { id, role, content, parts, reasoning, calls, created_at: createdAt, turn } = message;
  return {
    key,
    id,
    role,
    content: textIn(parts, content),
    attachments: attachmentsIn(parts),
    reasoning,
    calls,
    callId: message.tool_call_id ?? null,
    createdAt,
    turn,
    delivery: "stored",
    refusal: null,
  };
}

/** Adds a page of older messages before the shown ones. */
export function prependPage(shown: readonly ShownMessage[], page: MessagePage): ShownMessage[] {
  const known = new Set(shown.map((message) => message.id));
  const older = page.messages.filter((message) => !known.has(message.id));
  return [...older.map((message) => shownMessage(message, message.id)), ...shown];
}

interface Shown {
  readonly messages: readonly ShownMessage[];
  readonly olderBefore: string | null;
}

/**
 * Merges the newest page into the shown messages. Redis is the truth. Rows keep their keys; messages that Redis does
 * not have stay: those that it no longer has at the start; refused ones, those answered without it, and those of the
 * running turn, which may be newer than the page, at the end.
 */
export function mergeNewest(
  { messages, olderBefore }: Shown,
  page: MessagePage,
  live: Pick<LiveTurn, "turnId"> | null = null,
): Shown {
  const first = page.messages[0];
  const start = first === undefined ? -1 : messages.findIndex((message) => isSame(message, first));
  const isJoined = start >= 0 && page.next_before !== null;
  const older = isJoined ? messages.slice(0, start).filter(({ delivery }) => delivery === "stored") : [];
  const keys = new Set<string>();
  const newest = page.messages.map((message, index) => {
    const known = messages.find((candidate) => isSame(candidate, message) && !keys.has(candidate.key));
    const key = known?.key ?? message.id;
    keys.add(key);
    // Redis has a question with its first turn: of a retry without an answer only the page knows.
    const isAnswered = message.role !== "user" || page.messages[index + 1]?.role === "assistant";
    const retry = !isAnswered && known?.turn?.id !== message.turn?.id ? known?.turn : undefined;
    const shown = { ...shownMessage(message, key), ...(retry && { turn: retry }) };
    // The page may have the data of images that it has sent.
    return known?.attachments.length ? { ...shown, attachments: known.attachments } : shown;
  });
  const elsewhere = messages.filter(
    (message) =>
      message.delivery === "refused" ||
      message.delivery === "not-stored" ||
      (live !== null && !keys.has(message.key) && isOf(live, message)),
  );
  return {
    messages: [...goneMessages(messages, first), ...older, ...newest, ...elsewhere],
    olderBefore: older.length > 0 ? olderBefore : page.next_before,
  };
}

/** Returns the messages that Redis no longer has: the session is empty now, or it was started again. */
function goneMessages(messages: readonly ShownMessage[], first: Message | undefined): ShownMessage[] {
  const stored = messages.filter(({ id, delivery }) => id !== null && delivery === "stored");
  const isGone =
    first === undefined ||
    (epochOf(first.id) !== null &&
      stored.some(({ id }) => epochOf(id) !== null && epochOf(id) !== epochOf(first.id)));
  return messages
    .filter((message) => message.delivery === "gone" || (isGone && stored.includes(message)))
    .map((message) => ({ ...message, delivery: "gone" }));
}

/** Returns what all ids have in common that Redis made for one life of a session; null for an id from elsewhere. */
const epochOf = (id: string | null): string | null => /^([0-9a-f]{8})-\d+$/.exec(id ?? "")?.[1] ?? null;

/** True for a message of the running turn that has no id yet. */
const isOf = ({ turnId }: Pick<LiveTurn, "turnId">, { id, turn, delivery }: ShownMessage): boolean =>
  id === null && (turn === undefined ? delivery === "on-its-way" : turn.id === turnId);

function isSame(shown: ShownMessage, stored: Message): boolean {
  if (shown.id !== null) return shown.id === stored.id;
  return stored.turn !== undefined && shown.turn?.id === stored.turn.id && shown.role === stored.role;
}
