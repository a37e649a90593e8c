import type { OutputItem, TurnEvent } from "@redis-memory-magic/protocol";
import type { LiveTurn, ToolCall } from "./live-turn.ts";

/** Text between the received part and this event is missing. */
export class StreamGapError extends Error {}

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
    case "arguments-delta": {
      const { piece, position } = newPart(turn, event.data.text, Number(event.id));
      const last = turn.calls.at(-1);
      if (last === undefined) return { ...turn, position };
      const calls = [...turn.calls.slice(0, -1), { ...last, arguments: last.arguments + piece }];
      return { ...turn, calls, position };
    }
    case "item-started": {
      const position = Number(event.id);
      if (position <= turn.position) return turn;
      const { item } = event.data;
      const isNextMessage = item.type === "message" && turn.text !== "";
      const text = isNextMessage ? `${turn.text}\n\n` : turn.text;
      return { ...turn, text, calls: [...turn.calls, ...callsIn([item])], position };
    }
    case "item-delta":
    case "item-done":
      return { ...turn, position: Math.max(turn.position, Number(event.id)) };
    default: {
      const { response, output, stored, model, finish_reason, truncation } = event.data;
      const status = END_STATUS[event.event];
      const failure =
        event.event === "turn-failed" ? { code: event.data.code, detail: event.data.detail } : {};
      return {
        ...turn,
        phase: "ended",
        text: response,
        calls: callsIn(output),
        stored,
        model,
        end: { status, finish_reason, truncation, ...failure },
      };
    }
  }
}

const callsIn = (items: readonly OutputItem[]): ToolCall[] =>
  items.flatMap(({ tool_calls = [] }) => tool_calls);

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
