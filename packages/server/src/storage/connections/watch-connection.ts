import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 1000;

/** What is used of a client of Redis. */
interface Connection {
  readonly isReady: boolean;
  ping(): Promise<unknown>;
  destroy(): void;
  connect(): Promise<unknown>;
}

/**
 * A connection can be dead without a word: a cable is out, a machine has moved, a firewall forgot. Left to TCP
 * that takes a quarter of an hour to be noticed; so one that leaves a PING unanswered is closed and made anew.
 * @returns what ends the watch
 */
export function watchConnection(
  connection: Connection,
  patienceMs: number,
  onDead: () => void,
): { stop(): void } {
  let waiting = false;
  const look = async (): Promise<void> => {
    if (waiting || !connection.isReady) return;
    waiting = true;
    // A refusal is an answer too.
    const answered = connection.ping().then(
      () => true,
      () => true,
    );
    // After a halt of this very process, what has arrived meanwhile is read first.
    const late = sleep(patienceMs, false)
      .then(nextTurn)
      .then(() => false);
    if (!(await Promise.race([answered, late]))) {
      onDead();
      connection.destroy();
      connection.connect().catch(() => {});
    }
    waiting = false;
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
