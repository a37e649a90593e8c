import { damaged } from "../errors.ts";
import type { Json } from "../history/item.ts";
import type { Reply } from "../redis/script-runner.ts";
import { parseStored } from "../stored-json.ts";

/** What is known of a session, without its items. */
export interface SessionInfo {
  readonly id: string;
  readonly title: string | null;
  /** Items in it. */
  readonly count: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The TTL that each use renews. */
  readonly ttlSeconds: number;
  readonly expiresAt: Date;
  /** The running turn, see `Turns`. */
  readonly runningTurnId: string | null;
  /** The session that its line of forks began with; null for one that is no fork. See `SessionArchive`. */
  readonly rootId: string | null;
  readonly forkedFrom: ForkPoint | null;
  /** See `setMetadata`; null if none is set. */
  readonly metadata: Json;
  /** Grows by one with each change of the metadata; 0 if none is set. */
  readonly metadataVersion: number;
}

/** Where a fork left its parent: before this message, or at its end. */
export interface ForkPoint {
  readonly sessionId: string;
  readonly messageId: string | null;
}

/**
 * Decodes what the script function `session_info` returns; null if there is no session.
 * @throws MemoryError `damaged`
 */
export function decodeInfo(id: string, reply: Reply): SessionInfo | null {
  if (reply[0] === "unknown") return null;
  const [, now, left, ttl, count, , created, updated, title, turn, root, parent, before, metadata] = reply;
  // A TTL that is no number ends the reply.
  if ([ttl, count, created, updated].some((value) => Number.isNaN(Number(value)))) throw damaged();
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
    ...decodeMetadata(String(metadata)),
  };
}

const orNull = (value: string | number | null | undefined): string | null =>
  value === "" || value === null || value === undefined ? null : String(value);

function decodeMetadata(stored: string): Pick<SessionInfo, "metadata" | "metadataVersion"> {
  if (stored === "") return { metadata: null, metadataVersion: 0 };
  const [, version, json = ""] = /^(\d+):(.*)$/s.exec(stored) ?? [];
  return { metadata: parseStored<Json>(json, () => version !== undefined), metadataVersion: Number(version) };
}
