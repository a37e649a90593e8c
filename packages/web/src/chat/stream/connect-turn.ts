import type { ChatRequest } from "@redis-memory-magic/protocol";
import { ApiError } from "../../api/api-error.ts";
import { openTurn, openTurnEvents } from "../../api/endpoints.ts";
import { type LiveTurn, lastEventId } from "./live-turn.ts";

/** Opens a turn's event stream: starts the turn, or resumes it after what `turn` has. */
export type ConnectTurn = (turn: LiveTurn, signal: AbortSignal) => Promise<Response>;

/** Resumes a turn that has started. */
export const resumeTurn: ConnectTurn = (turn, signal) => {
  if (turn.turnId === null) throw new TypeError("a turn that has not begun cannot be resumed");
  return openTurnEvents(turn.sessionId, turn.turnId, lastEventId(turn), signal);
};

/** Starts a turn. The key allows a retry while it is unknown whether the request arrived. */
export function beginTurn(body: ChatRequest, idempotencyKey: string): ConnectTurn {
  return async (turn, signal) => {
    if (turn.turnId !== null) return resumeTurn(turn, signal);
    try {
      return await openTurn(body, idempotencyKey, signal);
    } catch (error) {
      // Without Redis the server cannot honour the key, so it refuses the request and starts nothing.
      // A stateless turn is answered without one.
      const isRedisAway = error instanceof ApiError && error.code === "storage_unavailable";
      if (isRedisAway && body.mode === "stateless") return openTurn(body, null, signal);
      throw error;
    }
  };
}
