import type { Conversations, StoredTurn, TurnInfo, TurnUpdate } from "./conversations.ts";
import { storedResult, type TurnResult, toResult } from "./turn-result.ts";

/** A turn that somebody asked for: begun now, or before, here or in another process. */
export interface AskedTurn {
  readonly turnId: string;
  readonly sessionId: string;
  readonly info: TurnInfo;
  readonly stored: boolean;
  /** Messages in the session when it was asked for. */
  readonly count: number;
  /** Length of the text so far, in UTF-16 units, as far as this process knows. */
  length(): number;
  follow(from: number, signal?: AbortSignal): AsyncIterable<TurnUpdate>;
  /** How the turn has ended, when it has. */
  result(): Promise<TurnResult>;
  /** Calls back whenever the model reasons, as far as this process can tell; until what is returned is called. */
  onThinking(listener: () => void): () => void;
}

/** A turn that has ended, or that another process runs. */
export function storedTurn(conversations: Conversations, sessionId: string, stored: StoredTurn): AskedTurn {
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
      for await (const update of (await conversations.follow(sessionId, turnId, options)) ?? []) {
        if (update.length > text.length && update.type === "text") {
          text += update.text.slice(text.length - update.length);
        }
        yield update;
      }
    },
    async result() {
      for await (const _ of turn.follow(text.length)) {
        // Only its end is waited for.
      }
      const ended = await conversations.turn(sessionId, turnId);
      if (ended !== null) return storedResult(sessionId, ended);
      // Its session was forgotten, which cancelled it: what is known of it is told for the last time.
      return toResult({ turnId, sessionId, status: "cancelled", text, count: 0, stored: true, info });
    },
    onThinking: () => () => {},
  };
  return turn;
}
