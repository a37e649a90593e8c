import type { FinishReason, Truncation, TurnEvent, TurnStatus } from "@redis-memory-magic/protocol";

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

/** Text between the received part and this event is missing. */
export class StreamGapError extends Error {}

export function newLiveTurn(sessionId: string, turnId: string | null = null): LiveTurn {
  const phase = turnId === null ? "sending" : "waiting";
  return {
    sessionId,
    turnId,
    model: null,
    phase,
    text: "",
    reasoning: "",
    position: 0,
    stored: true,
    end: null,
  };
}

/** Returns the id to resume after. */
export function lastEventId(turn: LiveTurn): string | null {
  return turn.position === 0 ? null : String(turn.position);
}

/**
 * Returns the turn after an event. A repeated event changes nothing.
 * @throws StreamGapError when text before the event is missing.
 */
export function applyEvent(turn: LiveTurn, event: TurnEvent): LiveTurn {
  switch (event.event) {
    case "turn-started": {
      const { session_id, turn_id, model, stored } = event.data;
      const phase = turn.text === "" ? "waiting" : "streaming";
      return { ...turn, sessionId: session_id, turnId: turn_id, model, stored, phase };
    }
    case "turn-thinking":
      return turn.text === "" ? { ...turn, phase: event.data.activity ?? "thinking" } : turn;
    case "text-delta": {
      const { piece, position } = newPart(turn, event.data.text, Number(event.id));
      return piece === "" ? turn : { ...turn, phase: "streaming", text: turn.text + piece, position };
    }
    case "reasoning-delta": {
      const { piece, position } = newPart(turn, event.data.text, Number(event.id));
      return { ...turn, reasoning: turn.reasoning + piece, position };
    }
    case "arguments-delta":
    case "item-delta":
    case "item-started":
    case "item-done":
      return { ...turn, position: Math.max(turn.position, Number(event.id)) };
    default: {
      const { response, stored, model, finish_reason, truncation } = event.data;
      const status = END_STATUS[event.event];
      const failure =
        event.event === "turn-failed" ? { code: event.data.code, detail: event.data.detail } : {};
      return {
        ...turn,
        phase: "ended",
        text: response,
        stored,
        model,
        end: { status, finish_reason, truncation, ...failure },
      };
    }
  }
}

const END_STATUS = {
  "turn-completed": "completed",
  "turn-cancelled": "cancelled",
  "turn-interrupted": "interrupted",
  "turn-failed": "failed",
} as const;

/** Returns what of a delta is not known yet, and the position behind it. */
function newPart({ position: known }: LiveTurn, delta: string, position: number) {
  if (position <= known) return { piece: "", position: known };
  const start = position - delta.length;
  if (!(start <= known)) throw new StreamGapError(`text from ${known} to ${start} is missing`);
  return { piece: delta.slice(known - start), position };
}
