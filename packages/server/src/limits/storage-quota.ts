import { OwnerQuota, type OwnerQuotaOptions } from "@redis-memory-magic/memory";
import type { StorageQuota } from "../chat/caller.ts";
import { counted } from "../counted.ts";
import { AppError } from "../errors/app-error.ts";
import { translated } from "../errors/memory-error.ts";
import type { Account, UsageLimits } from "./usage-limits.ts";

// What a write takes in Redis beside its text: the keys of a new session, the record of a turn.
const OVERHEAD_BYTES = 1024;

/** What an owner may keep, and what the owner and the address may store and read. Made for one request. */
export class CallerQuota implements StorageQuota {
  readonly #limits: UsageLimits;
  readonly #accounts: readonly Account[];
  /** Absent: the owner may keep any amount. */
  readonly #kept: OwnerQuota | undefined;
  readonly #options: OwnerQuotaOptions;

  constructor(limits: UsageLimits, accounts: readonly Account[], options: OwnerQuotaOptions) {
    this.#limits = limits;
    this.#accounts = accounts;
    this.#options = options;
    const { maxSessions, maxBytes } = options;
    if (maxSessions !== undefined || maxBytes !== undefined) this.#kept = new OwnerQuota(options);
  }

  async reserve(sessionId: string | null, bytes: number): Promise<() => void> {
    const stored = bytes + OVERHEAD_BYTES;
    await this.#limits.take(this.#accounts, { bytes: stored });
    try {
      await this.#admit(sessionId, bytes);
    } catch (error) {
      this.#limits.adjust(this.#accounts, { bytes: -stored });
      throw error;
    }
    return () => {
      if (sessionId !== null) this.#kept?.grow(sessionId, -bytes);
      this.#limits.adjust(this.#accounts, { bytes: -stored });
    };
  }

  add(sessionId: string, bytes: number): void {
    this.#kept?.grow(sessionId, bytes);
    this.#limits.adjust(this.#accounts, { bytes });
  }

  async read(size: () => Promise<number>): Promise<number> {
    if (!this.#kept && !this.#limits.isLimited(this.#accounts, "requests", "bytes")) return 0;
    const bytes = await size();
    await this.#limits.takeBytesMoved(this.#accounts, bytes);
    return bytes;
  }

  async #admit(sessionId: string | null, bytes: number): Promise<void> {
    if (!this.#kept) return;
    const admission = await translated(this.#kept.admit(sessionId, bytes));
    if (admission.kind === "admitted") return;
    const { maxSessions = 0, maxBytes = 0 } = this.#options;
    const [policy, quota, what] =
      admission.kind === "too_many_sessions"
        ? (["sessions", maxSessions, counted(maxSessions, "session")] as const)
        : (["bytes", maxBytes, `${maxBytes} bytes of messages`] as const);
    const resetSeconds = Math.max(1, Math.ceil((admission.freeInMs ?? 60_000) / 1000));
    throw new AppError(
      "storage_limit_reached",
      `No more than ${what} can be kept. Delete a session, or wait until one has expired.`,
      { retryAfter: resetSeconds, limit: { policy, quota, remaining: 0, resetSeconds } },
    );
  }
}
