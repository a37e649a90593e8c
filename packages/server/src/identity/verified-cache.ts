import { LRUCache } from "lru-cache";
import { AppError } from "../errors/app-error.ts";

// Spares busy callers a round trip. A revoked key is accepted for at most this long.
const FRESH_MS = 1000;
// While Redis is away, its last answer is used for this long.
const BELIEVED_MS = 30_000;
const REMEMBERED = 10_000;

interface Entry<Value> {
  readonly value: Value;
  /** When Redis answered. */
  readonly saidAt: number;
  askedAt: number;
}

/** Caches verified credentials, so that callers are not refused while Redis is away for a moment. */
export class VerifiedCache<Value> {
  readonly #entries = new LRUCache<string, Entry<Value>>({ max: REMEMBERED });
  readonly #now: () => number;

  /** @param now a clock that never goes back, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Returns the record of an id; null if there is none.
   * @throws AppError `storage_unavailable`: Redis is away, and was not asked in the last 30 s
   */
  async get(id: string, read: () => Promise<Value | null>): Promise<Value | null> {
    const known = this.#entries.get(id);
    const now = this.#now();
    if (known && now - known.askedAt < FRESH_MS && now - known.saidAt < BELIEVED_MS) return known.value;
    try {
      const value = await read();
      if (value === null) this.forget(id);
      else this.#entries.set(id, { value, saidAt: this.#now(), askedAt: this.#now() });
      return value;
    } catch (error) {
      const away = error instanceof AppError && error.code === "storage_unavailable";
      if (!away || !known || this.#now() - known.saidAt >= BELIEVED_MS) throw error;
      known.askedAt = this.#now();
      return known.value;
    }
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }
}
