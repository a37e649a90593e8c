import { ApiError, connectionError } from "../../api/api-error.ts";
import type { ConnectTurn } from "./connect-turn.ts";
import { applyEvent, type LiveTurn } from "./live-turn.ts";

/** The server says something at least this often while a turn runs, so silence means a dead connection. */
const SILENCE_MS = 45_000;
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 5_000;
/** Attempts in a row without a single event: about a minute for a turn that runs, seconds for one not begun. */
const MAX_ATTEMPTS = 15;
const MAX_ATTEMPTS_TO_BEGIN = 4;

export interface TurnUpdate {
  readonly turn: LiveTurn;
  /** The connection was lost and is being made again. */
  readonly reconnecting: boolean;
}

interface FollowOptions {
  connect: ConnectTurn;
  signal: AbortSignal;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Follows a turn to its end, over as many connections as it takes; yields it after each event.
 * @throws ApiError when the server refuses, or cannot be reached for too long; `signal.reason` when aborted.
 */
export async function* followTurn(turn: LiveTurn, options: FollowOptions): AsyncGenerator<TurnUpdate> {
  const { connect, signal, wait = pause } = options;
  let latest = turn;
  let failures = 0;
  while (true) {
    let failure: unknown = connectionError("unreachable");
    try {
      // What reads events is fetched with the first of them: not part of the first load.
      const [response, { readTurnEvents }] = await Promise.all([
        connect(latest, signal),
        import("./read-turn-events.ts"),
      ]);
      if (response.body === null) throw connectionError("unexpected_answer");
      for await (const event of readTurnEvents(response.body, SILENCE_MS)) {
        failures = 0;
        latest = applyEvent(latest, event);
        yield { turn: latest, reconnecting: false };
        if (latest.end !== null) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal(error, latest)) throw error;
      if (error instanceof ApiError) failure = error;
    }
    failures += 1;
    const most = latest.turnId === null ? MAX_ATTEMPTS_TO_BEGIN : MAX_ATTEMPTS;
    if (failures >= most) throw failure;
    yield { turn: latest, reconnecting: true };
    await wait(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)), signal);
  }
}

/** A refusal stands. Only for a turn that has begun is a 5xx worth asking again: the server may be restarting. */
function isFinal(error: unknown, turn: LiveTurn): boolean {
  if (!(error instanceof ApiError) || error.isUnanswered) return false;
  return turn.turnId === null || error.status < 500;
}

/** @throws `signal.reason` when aborted */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
