import { OwnerQuota, type OwnerQuotaOptions } from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";
import type { Room } from "../limits/room.ts";
import { translated } from "./translate.ts";

/** How much an owner keeps, counted in Redis. */
export class RedisRoom implements Room {
  readonly #quota: OwnerQuota;
  readonly #maxSessions: number | undefined;
  readonly #maxBytes: number | undefined;

  constructor(options: OwnerQuotaOptions) {
    this.#quota = new OwnerQuota(options);
    this.#maxSessions = options.maxSessions;
    this.#maxBytes = options.maxBytes;
  }

  async take(sessionId: string, bytes: number): Promise<void> {
    const admission = await translated(this.#quota.admit(sessionId, bytes));
    if (admission.kind === "admitted") return;
    const [policy, quota, what] =
      admission.kind === "too_many_sessions"
        ? (["sessions", this.#maxSessions ?? 0, "sessions"] as const)
        : (["bytes", this.#maxBytes ?? 0, "bytes of messages"] as const);
    const resetSeconds = Math.max(1, Math.ceil((admission.freeInMs ?? 60_000) / 1000));
    throw new AppError(
      "storage_limit_reached",
      `No more than ${quota} ${what} can be kept. Delete a session, or wait until one has expired.`,
      { retryAfter: resetSeconds, limit: { policy, quota, remaining: 0, resetSeconds } },
    );
  }

  adjust(sessionId: string, bytes: number): void {
    this.#quota.grow(sessionId, bytes);
  }
}
