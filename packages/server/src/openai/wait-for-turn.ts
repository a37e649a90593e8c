import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import type { Chat } from "../chat/chat.ts";
import type { TurnRequest } from "../chat/turn-request.ts";
import { AppError } from "../errors/app-error.ts";
import type { TurnAddress } from "./ids.ts";

// Below the 30 s after which many proxies give up. Then the client's SDK tries again by itself.
export const SESSION_WAIT_MS = 25_000;

/** A turn that is to begin. */
export interface Beginning {
  readonly chat: Chat;
  readonly caller: Caller;
  readonly request: TurnRequest;
  /** Aborted when the client has disconnected. */
  readonly clientGone: AbortSignal;
}

/**
 * Begins a turn as soon as no other is in progress in its session.
 * @param only the one turn that it waits for; default: any
 * @throws AppError `turn_in_progress` when the time is up
 */
export async function whenFree(
  beginning: Beginning,
  until: Deadline,
  request: TurnRequest & { readonly session_id: string },
  only?: string,
): Promise<AskedTurn> {
  const { chat, caller } = beginning;
  for (;;) {
    try {
      return await chat.ask(caller, request);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "turn_in_progress") throw error;
      const { turnId } = error;
      if (turnId === undefined || (only !== undefined && turnId !== only)) throw error;
      const hasEnded = await ended(beginning, { sessionId: request.session_id, turnId }, until);
      if (!hasEnded) throw error;
    }
  }
}

/** A time for waiting, which begins when it is first asked for: most requests never wait. */
type Deadline = () => AbortSignal;

export function deadline(ms: number): Deadline {
  let signal: AbortSignal | undefined;
  return () => {
    signal ??= AbortSignal.timeout(ms);
    return signal;
  };
}

/** Waits for a turn's end. False: the time is up, or the client has disconnected. */
async function ended(
  { chat, caller, clientGone }: Beginning,
  { sessionId, turnId }: TurnAddress,
  until: Deadline,
): Promise<boolean> {
  const turn = await chat.find(caller.sessions, sessionId, turnId);
  const signal = AbortSignal.any([until(), clientGone]);
  for await (const update of turn.follow(Number.MAX_SAFE_INTEGER, signal)) {
    if (update.type === "end") return true;
  }
  return !signal.aborted;
}

/**
 * Waits for the end of the turn that another one goes on from.
 * @throws AppError `turn_in_progress`: the time is up, or the client has disconnected
 */
export async function untilEnded(beginning: Beginning, address: TurnAddress, until: Deadline): Promise<void> {
  if (await ended(beginning, address, until)) return;
  const message =
    "The response that this one goes on from is in progress. Send the request again when it has ended.";
  throw new AppError("turn_in_progress", message, address);
}
