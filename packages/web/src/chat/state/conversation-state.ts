import type { TurnStatus } from "@redis-memory-magic/protocol";
import type { ApiError } from "../../api/api-error.ts";
import type { LiveTurn, TurnEnd } from "../stream/live-turn.ts";
import type { Choice } from "./choice.ts";
import type { ShownMessage } from "./shown-message.ts";

/** A message written while an answer runs: it is sent when the answer is there. */
export interface WaitingMessage {
  readonly key: string;
  readonly text: string;
  readonly choice: Choice;
}

/** How the last turn ended, if not well: it can be tried again. */
export type Outcome = TurnEnd & { readonly turnId: string };

export interface ConversationState {
  readonly sessionId: string;
  /** An ApiError: it could not be loaded, or the connection to a running answer was lost for good. */
  readonly load: "loading" | "ready" | ApiError;
  /** Oldest first; the answer that is being written is the last one. */
  readonly messages: readonly ShownMessage[];
  /** Where the page of older messages ends; null when all are shown. */
  readonly olderBefore: string | null;
  readonly live: LiveTurn | null;
  readonly reconnecting: boolean;
  /** "Stop" was pressed and has not taken effect yet. */
  readonly stopping: boolean;
  readonly outcome: Outcome | null;
  readonly waiting: readonly WaitingMessage[];
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
    waiting: [],
  };
}

/** The messages with what the turn has written so far; `key` is that of the message it answers. */
export function withLiveTurn(
  messages: readonly ShownMessage[],
  { turn, choice, key }: { turn: LiveTurn; choice: Choice; key: string },
): ShownMessage[] {
  const { turnId, end, text, stored } = turn;
  const status: TurnStatus = end?.status ?? "running";
  const info =
    turnId === null
      ? undefined
      : { id: turnId, mode: choice.mode, provider: choice.provider, model: turn.model ?? "", status };
  const delivery = turnId === null ? "on-its-way" : stored ? "stored" : "not-stored";
  const answerKey = `${key}:answer`;
  const answer: ShownMessage = {
    key: answerKey,
    id: null,
    role: "assistant",
    content: text,
    createdAt: new Date().toISOString(),
    turn: info,
    delivery: stored ? "on-its-way" : "not-stored",
    refusal: null,
  };
  const others = messages
    .filter((message) => message.key !== answerKey)
    .map(
      (message): ShownMessage =>
        message.key === key ? { ...message, turn: info ?? message.turn, delivery } : message,
    );
  return end !== null && text === "" ? others : [...others, answer];
}
