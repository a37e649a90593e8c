import { MemoryError } from "../errors.ts";
import { indexKeys } from "../redis/keys.ts";
import type { ScriptRunner } from "../redis/script-runner.ts";
import { FORGET, LIST, TOUCH } from "../scripts/session-index.ts";
import type { SessionInfo } from "./session-info.ts";

// A busy session costs the index one touch a second, not one a message.
const TOUCH_EVERY_MS = 1000;
const MAX_REMEMBERED = 10_000;

/** An owner's list of sessions: kept beside the sessions, in another slot, so it may trail behind them. */
export class SessionIndex {
  readonly #runner: ScriptRunner;
  readonly #keys: string[];
  #touched = new Map<string, { at: number; ttlMs: number }>();

  constructor(runner: ScriptRunner, name: string, owner: string) {
    this.#runner = runner;
    this.#keys = indexKeys(name, owner);
  }

  /**
   * Notes a use, without waiting. If it fails, the session's next use notes it.
   * @param isNew the session was not noted yet, or was cleared since
   */
  touch(sessionId: string, ttlMs: number, isNew = false): void {
    const now = performance.now();
    const last = this.#touched.get(sessionId);
    if (!isNew && last?.ttlMs === ttlMs && now - last.at < TOUCH_EVERY_MS) return;
    // All are forgotten, not the oldest: to find it, a Map looks at each entry that was deleted before it.
    if (this.#touched.size >= MAX_REMEMBERED) this.#touched = new Map();
    this.#touched.set(sessionId, { at: now, ttlMs });
    this.#runner
      .runWithoutDeadline(TOUCH, this.#keys, [sessionId, String(ttlMs)])
      .catch(() => this.#touched.delete(sessionId));
  }

  /**
   * Sessions, last used first, without those that cannot be read.
   * @param read what is known of a session; null for one that is gone, which is forgotten
   */
  async page(
    limit: number,
    cursor: string | undefined,
    read: (id: string) => Promise<SessionInfo | null>,
  ): Promise<{ sessions: SessionInfo[]; nextCursor: string | null }> {
    const entries = await this.#list(limit, cursor);
    const found = await Promise.all(entries.map(({ id }) => read(id).catch(ignoreUnreadable)));
    const gone = entries.filter((_, n) => found[n] === null).map(({ id }) => id);
    // Unless they were used just now: such a one may be noted before it is there.
    if (gone.length > 0) this.#forget(["", ...gone]);
    const last = entries.at(-1);
    return {
      sessions: found.filter((info) => info != null),
      nextCursor: last && entries.length === limit ? `${last.used}:${last.id}` : null,
    };
  }

  /** Forgets a session that was cleared, unless it was used after that. @param at by Redis' clock, in ms */
  remove(id: string, at: number): void {
    this.#touched.delete(id);
    this.#forget([String(at), id]);
  }

  /** Ids with their time of last use in ms, last used first. */
  async #list(limit: number, cursor: string | undefined): Promise<{ id: string; used: number }[]> {
    const [used = "", id = ""] = cursor === undefined ? [] : splitCursor(cursor);
    const [, , ...rest] = await this.#runner.runWithoutDeadline(LIST, this.#keys, [String(limit), used, id]);
    const found = [];
    for (let i = 0; i < rest.length; i += 2) found.push({ id: String(rest[i]), used: Number(rest[i + 1]) });
    return found;
  }

  #forget(args: string[]): void {
    this.#runner.runWithoutDeadline(FORGET, this.#keys, args).catch(() => {
      // The next listing meets them again.
    });
  }
}

function ignoreUnreadable(error: unknown): undefined {
  if (MemoryError.isInstance(error) && (error.code === "damaged" || error.code === "newer_layout")) return;
  throw error;
}

function splitCursor(cursor: string): [string, string] {
  const colon = cursor.indexOf(":");
  const used = cursor.slice(0, Math.max(colon, 0));
  if (!/^\d{1,15}$/.test(used)) throw new TypeError("cursor must be one that listSessions returned");
  return [used, cursor.slice(colon + 1)];
}
