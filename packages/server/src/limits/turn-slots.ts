import { randomBytes } from "node:crypto";
import type { NodeRedisClient } from "@redis-memory-magic/memory";
import { withinDeadline } from "../storage/within-deadline.ts";

const TIMEOUT_MS = 500;
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;

/**
 * Takes or renews a slot. The slots of a server that was killed expire with their leases.
 * KEYS[1] ZSET: slots by the time when their leases end
 * ARGV[1] the slot   ARGV[2] the lease in ms   ARGV[3] number of slots
 * Returns 1, or 0: all are taken
 */
const ACQUIRE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

interface SlotClient extends Pick<NodeRedisClient, "eval"> {
  zRem(key: string, member: string): Promise<unknown>;
}

/**
 * Slots for what may run at once: turns and event streams. Counted in Redis for all servers together, and in this
 * process while Redis is unavailable.
 */
export class TurnSlots {
  readonly #client: SlotClient;
  readonly #name: string;
  /** Slots that this process holds, by subject. */
  readonly #held = new Map<string, number>();

  constructor(client: SlotClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** Resolves with a function that releases the slot, or with null if all are taken. */
  async acquire(subject: string, slots: number): Promise<(() => void) | null> {
    // The key's name is older than this class.
    const key = `${this.#name}:limits:places:${subject}`;
    const slot = randomBytes(9).toString("base64url");
    const leased = await this.#lease(key, slot, slots).catch(() => null);
    // Read after the wait and in the same tick as it is written: others may have taken slots meanwhile.
    const held = this.#held.get(subject) ?? 0;
    if (!(leased ?? held < slots)) return null;
    this.#held.set(subject, held + 1);
    const renewal = setInterval(() => {
      this.#lease(key, slot, Number.MAX_SAFE_INTEGER).catch(() => {
        // The next renewal comes long before the lease ends.
      });
    }, RENEW_MS);
    renewal.unref();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      clearInterval(renewal);
      const left = (this.#held.get(subject) ?? 1) - 1;
      if (left > 0) this.#held.set(subject, left);
      else this.#held.delete(subject);
      this.#client.zRem(key, slot).catch(() => {
        // Its lease ends by itself.
      });
    };
  }

  async #lease(key: string, slot: string, slots: number): Promise<boolean> {
    const args = [slot, String(LEASE_MS), String(slots)];
    const command = this.#client.eval(ACQUIRE, { keys: [key], arguments: args });
    return (await withinDeadline(command, TIMEOUT_MS)) === 1;
  }
}
