import { type MemoryOptions, type ResolvedOptions, resolveOptions } from "../options.ts";
import { indexKeys, notesKey, quotaKey } from "../redis/keys.ts";
import { ScriptRunner } from "../redis/script-runner.ts";
import { ADMIT, GROW } from "../scripts/owner-quota.ts";
import { assertCount, assertId } from "../validate.ts";

/** An owner's limits. */
export interface OwnerQuotaOptions extends MemoryOptions {
  /** Sessions that the owner may have. Default: any number. */
  readonly maxSessions?: number | undefined;
  /** Bytes that all of the owner's sessions may hold, as the caller counts them, and the notes. Default: any number. */
  readonly maxBytes?: number | undefined;
}

/** Whether there is room. */
export type Admission =
  | { readonly kind: "admitted" }
  /** `freeInMs`: ms until the next of the owner's sessions expires; null: none does. */
  | { readonly kind: "too_many_sessions" | "too_many_bytes"; readonly freeInMs: number | null };

/**
 * How many sessions an owner may have, and how much may be in them. Asked before a session is written to; sessions
 * that are gone, for whatever reason, no longer count. Exact however many servers ask at once.
 *
 * @example
 * const quota = new OwnerQuota({ client, owner: "alice", maxSessions: 100, maxBytes: 10_000_000 });
 * const admission = await quota.admit("session_1", 200);
 * if (admission.kind !== "admitted") console.log(admission.kind, admission.freeInMs);
 */
export class OwnerQuota {
  readonly #options: ResolvedOptions;
  readonly #limits: [maxSessions: string, maxBytes: string];
  readonly #runner: ScriptRunner;
  readonly #keys: string[];

  constructor(options: OwnerQuotaOptions) {
    this.#options = resolveOptions(options);
    const { maxSessions, maxBytes } = options;
    if (maxSessions !== undefined) assertCount("maxSessions", maxSessions);
    if (maxBytes !== undefined) assertCount("maxBytes", maxBytes);
    this.#limits = [String(maxSessions ?? ""), String(maxBytes ?? "")];
    this.#runner = new ScriptRunner(this.#options.client, this.#options.timeoutMs);
    const { name, owner } = this.#options;
    this.#keys = [...indexKeys(name, owner), quotaKey(name, owner), notesKey(name, owner)];
  }

  /**
   * Asks for room for so many more bytes in a session, and takes it; null: in the owner's notes, which count as what
   * they are when they are written.
   * @throws MemoryError `unavailable`
   */
  async admit(sessionId: string | null, bytes: number): Promise<Admission> {
    if (sessionId !== null) assertId("sessionId", sessionId);
    if (bytes < 0) throw new TypeError("bytes must be 0 or more");
    const args = [sessionId ?? "", String(this.#options.ttlMs), wholeBytes(bytes), ...this.#limits];
    const [status, now, free] = await this.#runner.runWithoutDeadline(ADMIT, this.#keys, args);
    if (status === "ok") return { kind: "admitted" };
    return {
      kind: status === "sessions" ? "too_many_sessions" : "too_many_bytes",
      freeInMs: Number(free) < 0 ? null : Number(free) - now,
    };
  }

  /** Counts bytes that were written without being asked for, or gives back bytes that were not written. Does not wait. */
  grow(sessionId: string, bytes: number): void {
    assertId("sessionId", sessionId);
    this.#runner.runWithoutDeadline(GROW, this.#keys, [sessionId, wholeBytes(bytes)]).catch(() => {
      // Redis is away: a little is not counted.
    });
  }
}

function wholeBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) throw new TypeError("bytes must be a number");
  return String(Math.ceil(bytes));
}
