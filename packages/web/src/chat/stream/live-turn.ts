import type { FinishReason, OutputItem, Truncation, TurnStatus } from "@redis-memory-magic/protocol";

/** A function that the model calls. */
export type ToolCall = NonNullable<OutputItem["tool_calls"]>[number];

/** The state of a turn as received so far. */
export interface LiveTurn {
  readonly sessionId: string;
  /** null until the server has accepted the message. */
  readonly turnId: string | null;
  readonly model: string | null;
  readonly phase: "sending" | "waiting" | "thinking" | "loading" | "queued" | "streaming" | "ended";
  readonly text: string;
  /** What the model has thought. */
  readonly reasoning: string;
  /** The functions that the model has called; the last one may still lack some of its arguments. */
  readonly calls: readonly ToolCall[];
  /** The position behind the last event: what to resume after. */
  readonly position: number;
  /** False while Redis cannot be reached: the turn is not stored. */
  readonly stored: boolean;
  readonly end: TurnEnd | null;
}

export interface TurnEnd {
  readonly status: Exclude<TurnStatus, "running">;
  readonly finish_reason?: FinishReason | null;
  readonly truncation?: Truncation | undefined;
  /** For a failed turn: the error's code, and what happened and what to do. */
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}

export function newLiveTurn(sessionId: string, turnId: string | null = null): LiveTurn {
  const phase = turnId === null ? "sending" : "waiting";
  return {
    sessionId,
    turnId,
    model: null,
    phase,
    text: "",
    reasoning: "",
    calls: [],
    position: 0,
    stored: true,
    end: null,
  };
}

/** Returns the id to resume after. */
export function lastEventId(turn: LiveTurn): string | null {
  return turn.position === 0 ? null : String(turn.position);
}
