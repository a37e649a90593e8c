import type { ChatRequest } from "@redis-memory-magic/protocol";
import { ApiError } from "../../api/api-error.ts";
import { openTurn, openTurnEvents } from "../../api/endpoints.ts";
import { type LiveTurn, lastEventId } from "./live-turn.ts";

/** Opens a turn's event stream: begins the turn, or finds it again after what `turn` has. */
export type ConnectTurn = (turn: LiveTurn, signal: AbortSignal) => Promise<Response>;

/** A turn that has begun. */
export const resumeTurn: ConnectTurn = (turn, signal) => {
  if (turn.turnId === null) throw new TypeError("a turn that has not begun cannot be resumed");
  return openTurnEvents(turn.sessionId, turn.turnId, lastEventId(turn), signal);
};

/** A turn to begin. The key lets the request be repeated while it is not known whether it arrived. */
export function beginTurn(body: ChatRequest, idempotencyKey: string): ConnectTurn {
  return async (turn, signal) => {
    if (turn.turnId !== null) return resumeTurn(turn, signal);
    try {
      return await openTurn(body, idempotencyKey, signal);
    } catch (error) {
      // Without Redis the promise of the key cannot be kept, so it is refused, and nothing was begun;
      // a turn without memory is answered all the same.
      const isRedisAway = error instanceof ApiError && error.code === "storage_unavailable";
      if (isRedisAway && body.mode === "stateless") return openTurn(body, null, signal);
      throw error;
    }
  };
}
