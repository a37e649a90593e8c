import type { SessionSettings, TurnStatus } from "@redis-memory-magic/protocol";
import type { ApiError } from "../../api/api-error.ts";
import type { LiveTurn, TurnEnd } from "../stream/live-turn.ts";
import type { MessageAttachment } from "./attachment.ts";
import type { Choice } from "./choice.ts";
import type { Gone } from "./expiry.ts";
import { newMessage, type ShownMessage } from "./shown-message.ts";

/** A message that is queued while an answer runs, or until the page is ready. */
export interface WaitingMessage {
  readonly key: string;
  readonly text: string;
  readonly attachments: readonly MessageAttachment[];
  /** null: sent before the page was ready. */
  readonly choice: Choice | null;
  /** True if its request was on the way when the page was closed: it may have arrived. */
  readonly isSent?: true;
  /** Messages that are not to be recalled for it; absent until its request is sent. */
  readonly notRecalled?: readonly string[] | undefined;
  /** Why it was refused. It is sent again only when the user asks for it. */
  readonly refusal?: { readonly code: string; readonly message: string; readonly status: number };
}

/** How a turn ended that did not complete and can be retried. */
export type Outcome = TurnEnd & { readonly turnId: string };

export interface ConversationState {
  readonly sessionId: string;
  /** An ApiError if loading failed, or if the connection to a running answer was lost for good. */
  readonly load: "loading" | "ready" | ApiError;
  /** Oldest first; a running answer is the last one. */
  readonly messages: readonly ShownMessage[];
  /** The cursor for older messages; null when all are shown. */
  readonly olderBefore: string | null;
  readonly live: LiveTurn | null;
  readonly reconnecting: boolean;
  /** True from pressing "Stop" until it takes effect. */
  readonly stopping: boolean;
  /** Of the last turn, if it did not complete. */
  readonly outcome: Outcome | null;
  /** Of earlier turns that this page has seen end, by turn id. */
  readonly pastOutcomes: ReadonlyMap<string, Outcome>;
  readonly waiting: readonly WaitingMessage[];
  /** How the session is answered, as far as that was set for it. */
  readonly settings: SessionSettings;
  /** Why Redis no longer has the messages that are marked as gone; null if there are none. */
  readonly gone: Gone | null;
  /** True after the user has cleared the session here. */
  readonly isCleared: boolean;
}

export function emptyConversation(sessionId: string): ConversationState {
  return {
    sessionId,
    load: "ready",
    messages: [],
    olderBefore: null,
    live: null,
    reconnecting: false,
    stopping: false,
    outcome: null,
    pastOutcomes: new Map(),
    waiting: [],
    settings: {},
    gone: null,
    isCleared: false,
  };
}

/** Returns the messages with the turn's text so far; `key` is that of the message it answers. */
export function withLiveTurn(
  messages: readonly ShownMessage[],
  { turn, choice, key }: { turn: LiveTurn; choice: Choice; key: string },
): ShownMessage[] {
  const { turnId, end, text, reasoning, calls, stored } = turn;
  const status: TurnStatus = end?.status ?? "running";
  const info =
    turnId === null
      ? undefined
      : {
          id: turnId,
          mode: choice.mode,
          provider: choice.provider,
          model: turn.model ?? "",
          status,
          ...(end?.finish_reason && { finish_reason: end.finish_reason }),
          ...(end?.truncation && { truncation: end.truncation }),
        };
  const delivery = turnId === null ? "on-its-way" : stored ? "stored" : "not-stored";
  const answerKey = `${key}:answer`;
  const answer: ShownMessage = {
    ...newMessage(answerKey, "assistant"),
    content: text,
    reasoning,
    calls,
    turn: info,
    delivery: stored ? "on-its-way" : "not-stored",
  };
  // Called for each piece of text: one copy, and the question stays the same object, so that its row does not render.
  const all = messages.filter((message) => message.key !== answerKey);
  const at = all.findLastIndex((message) => message.key === key);
  const question = all[at];
  if (question !== undefined) all[at] = answeredBy(question, info, delivery);
  return end !== null && text === "" && calls.length === 0 ? all : [...all, answer];
}

/** Returns a question with its turn as it is now; the same object if nothing has changed. */
function answeredBy(
  question: ShownMessage,
  turn: ShownMessage["turn"],
  delivery: ShownMessage["delivery"],
): ShownMessage {
  const { turn: before } = question;
  const isSame =
    turn === undefined ||
    (before?.id === turn.id &&
      before.model === turn.model &&
      before.status === "running" &&
      turn.status === "running");
  if (isSame && question.delivery === delivery) return question;
  return { ...question, turn: turn ?? before, delivery };
}
