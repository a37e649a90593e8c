import type { OutputItem, TurnUpdate } from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";
import type { Activity } from "./chat-model.ts";
import type { SessionStore } from "./session-store.ts";
import type { StoredTurn } from "./stored-session.ts";
import type { TurnInfo } from "./turn-info.ts";
import { storedResult, type TurnResult, toResult } from "./turn-result.ts";

/** A turn that a client asked for: in this process or another, running or ended. */
export interface AskedTurn {
  readonly turnId: string;
  readonly sessionId: string;
  readonly info: TurnInfo;
  readonly stored: boolean;
  readonly startedAt: Date;
  /** Items in the session when the turn began. */
  readonly count: number;
  /** The position behind the output so far, as far as this process knows: not less than it is. */
  length(): number;
  follow(from: number, signal?: AbortSignal): AsyncIterable<TurnUpdate>;
  /** Its output so far, as far as this process knows. */
  items(): readonly OutputItem[];
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
  // The start and the end of an item may count one each.
  let length = stored.items.reduce((sum, { content }) => sum + content.length + 2, 0);
  const turn: AskedTurn = {
    turnId,
    sessionId,
    info,
    stored: true,
    startedAt: record.startedAt,
    count,
    items: () => stored.items,
    length: () => length,
    async *follow(from, signal) {
      const options = { from, ...(signal && { signal }) };
      if (stored.replay) yield* stored.replay(from, signal);
      else
        for await (const update of (await sessions.follow(sessionId, turnId, options)) ?? []) {
          length = Math.max(length, update.length);
          yield update;
        }
    },
    async result() {
      if (stored.replay) return storedResult(sessionId, stored);
      for await (const _ of turn.follow(Number.MAX_SAFE_INTEGER)) {
        // Waits for the end.
      }
      const ended = await sessions.turn(sessionId, turnId);
      if (ended !== null) return storedResult(sessionId, ended);
      // Its session was deleted, which cancelled the turn.
      const { text, items } = stored;
      return toResult({ turnId, sessionId, status: "cancelled", text, items, count: 0, stored: true, info });
    },
    onActivity: () => () => {},
  };
  return turn;
}

/** Reads a turn of any process as it is stored. @throws AppError `turn_not_found` */
export async function readStored(
  sessions: SessionStore,
  sessionId: string,
  turnId: string,
): Promise<StoredTurn> {
  const turn = await sessions.turn(sessionId, turnId);
  if (turn === null) throw new AppError("turn_not_found", "There is no such turn in this session.");
  return turn;
}
