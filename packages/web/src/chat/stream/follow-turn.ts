import { ApiError, connectionError } from "../../api/api-error.ts";
import type { ConnectTurn } from "./connect-turn.ts";
import type { LiveTurn } from "./live-turn.ts";

/** The server sends at least a heartbeat more often than this, so silence means a dead connection. */
const SILENCE_MS = 45_000;
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 5_000;
/** Attempts in a row without an event: about a minute for a running turn, seconds for one that has not started. */
const MAX_ATTEMPTS = 15;
const MAX_ATTEMPTS_TO_BEGIN = 4;

export interface TurnUpdate {
  readonly turn: LiveTurn;
  /** True while the connection is being restored. */
  readonly reconnecting: boolean;
}

interface FollowOptions {
  connect: ConnectTurn;
  signal: AbortSignal;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Follows a turn to its end, reconnecting as needed; yields the turn after each event.
 * @throws ApiError for an error response or when the server stays unreachable; `signal.reason` when aborted.
 */
export async function* followTurn(turn: LiveTurn, options: FollowOptions): AsyncGenerator<TurnUpdate> {
  const { connect, signal, wait = pause } = options;
  let latest = turn;
  let failures = 0;
  while (true) {
    let failure: unknown = connectionError("unreachable");
    try {
      // Loaded with the first turn, so it is not part of the first load.
      const [response, { readTurn }] = await Promise.all([connect(latest, signal), import("./read-turn.ts")]);
      if (response.body === null) throw connectionError("unexpected_answer");
      for await (latest of readTurn(latest, response.body, SILENCE_MS)) {
        failures = 0;
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

/**
 * True if the request is not to be repeated by itself. A turn that has not started in its time is not: an upload can
 * take minutes. A turn that has started is asked for again after a 5xx, as the server may be
 * restarting, and after a 429: many pages come back to it at once.
 */
function isFinal(error: unknown, turn: LiveTurn): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.isUnanswered) return turn.turnId === null && error.code === "timeout";
  return turn.turnId === null || (error.status < 500 && error.status !== 429);
}

/** @throws `signal.reason` when aborted */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
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
