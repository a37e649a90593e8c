import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import type { Chat } from "../chat/chat.ts";
import type { TurnRequest } from "../chat/turn-request.ts";

type UnstoredTurn = TurnRequest & Required<Pick<TurnRequest, "session_id" | "unstored">>;

/**
 * Begins a turn that is not stored. It is cancelled when the client disconnects, because nothing can read it then.
 * @param clientGone aborted when the client has disconnected
 * @throws AppError before anything is sent
 */
export async function askUnstored(
  chat: Chat,
  caller: Caller,
  request: UnstoredTurn,
  clientGone: AbortSignal,
): Promise<AskedTurn> {
  const turn = await chat.ask(caller, request);
  const cancel = () => {
    // It is rejected for a turn that has just ended.
    chat.cancel(caller.sessions, turn.sessionId, turn.turnId).catch(() => {});
  };
  if (clientGone.aborted) cancel();
  else {
    clientGone.addEventListener("abort", cancel, { once: true });
    // A WebSocket has many turns.
    const forget = () => clientGone.removeEventListener("abort", cancel);
    void turn.result().then(forget, forget);
  }
  return turn;
}
