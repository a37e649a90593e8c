import type { Reply } from "../redis/script-runner.ts";

/** What is known of a session, without its messages. */
export interface SessionInfo {
  readonly id: string;
  readonly title: string | null;
  /** Messages in it. */
  readonly count: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** What each use of the session renews its life to. */
  readonly ttlSeconds: number;
  readonly expiresAt: Date;
  /** The turn in progress, see `Turns`. */
  readonly runningTurnId: string | null;
  /** The session that its line of forks began with; null for one that is no fork. See `SessionArchive`. */
  readonly rootId: string | null;
  readonly forkedFrom: ForkPoint | null;
}

/** Where a fork left its parent: before this message, or at its end. */
export interface ForkPoint {
  readonly sessionId: string;
  readonly messageId: string | null;
}

/** Of what the script function `info` returns; null for a session that is not there. */
export function decodeInfo(id: string, reply: Reply): SessionInfo | null {
  if (reply[0] === "unknown") return null;
  const [, now, left, ttl, count, , created, updated, title, turn, root, parent, before] = reply;
  return {
    id,
    title: orNull(title),
    count: Number(count),
    createdAt: new Date(Number(created)),
    updatedAt: new Date(Number(updated)),
    ttlSeconds: Math.ceil(Number(ttl) / 1000),
    expiresAt: new Date(now + Number(left)),
    runningTurnId: orNull(turn),
    rootId: orNull(root),
    forkedFrom: parent === "" ? null : { sessionId: String(parent), messageId: orNull(before) },
  };
}

const orNull = (value: string | number | null | undefined): string | null =>
  value === "" || value === null || value === undefined ? null : String(value);
