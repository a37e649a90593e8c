import type { TurnUpdate } from "@redis-memory-magic/memory";
import type { Activity } from "./chat-model.ts";
import type { SessionStore, StoredTurn } from "./session-store.ts";
import type { TurnInfo } from "./turn-info.ts";
import { storedResult, type TurnResult, toResult } from "./turn-result.ts";

/** A turn that a client asked for: in this process or another, running or ended. */
export interface AskedTurn {
  readonly turnId: string;
  readonly sessionId: string;
  readonly info: TurnInfo;
  readonly stored: boolean;
  /** Messages in the session when the turn began. */
  readonly count: number;
  /** Length of the text so far, in UTF-16 units, as far as this process knows. */
  length(): number;
  follow(from: number, signal?: AbortSignal): AsyncIterable<TurnUpdate>;
  /** Resolves when the turn has ended. */
  result(): Promise<TurnResult>;
  /**
   * Calls back with what the provider does before its text; never for a turn of another process. Returns a function
   * that removes the listener.
   */
  onActivity(listener: (activity: Activity) => void): () => void;
}

/** A turn that has ended, or that another process runs. */
export function storedTurn(sessions: SessionStore, sessionId: string, stored: StoredTurn): AskedTurn {
  const { record, count } = stored;
  const { id: turnId, info } = record;
  let { text } = stored;
  const turn: AskedTurn = {
    turnId,
    sessionId,
    info,
    stored: true,
    count,
    length: () => text.length,
    async *follow(from, signal) {
      const options = { from, ...(signal && { signal }) };
      for await (const update of (await sessions.follow(sessionId, turnId, options)) ?? []) {
        if (update.length > text.length && update.type === "text") {
          text += update.text.slice(text.length - update.length);
        }
        yield update;
      }
    },
    async result() {
      for await (const _ of turn.follow(text.length)) {
        // Waits for the end.
      }
      const ended = await sessions.turn(sessionId, turnId);
      if (ended !== null) return storedResult(sessionId, ended);
      // Its session was deleted, which cancelled the turn.
      return toResult({ turnId, sessionId, status: "cancelled", text, count: 0, stored: true, info });
    },
    onActivity: () => () => {},
  };
  return turn;
}
