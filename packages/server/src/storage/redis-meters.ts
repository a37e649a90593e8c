import { randomBytes } from "node:crypto";
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from "rate-limiter-flexible";
import { type Balance, type Meter, type Meters, WINDOW_SECONDS } from "../limits/meters.ts";
import type { Redis } from "./redis.ts";
import { withinDeadline } from "./within-deadline.ts";

// A request waits for its count, so a Redis that is slow counts as away sooner than for the memory itself.
const TIMEOUT_MS = 500;
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;

/**
 * KEYS[1] a sorted set of places by when they lapse   ARGV[1] the place   ARGV[2] lease in ms   ARGV[3] how many
 * there are. Returns 1, or 0: all are taken. A server that was killed gives its places back by their lapsing.
 */
const ENTER = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

/**
 * In place of the limiter's own script, which counts what it refuses too: a flood of requests that are refused would
 * take from those that are not. KEYS[1] a count   ARGV[1] units   ARGV[2] seconds that it lives   ARGV[3] the quota.
 * Returns what the count is or would be, and how long it lives, in ms.
 */
const TAKE = `
redis.call('SET', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local used = redis.call('GET', KEYS[1]) + ARGV[1]
if used <= tonumber(ARGV[3]) then redis.call('INCRBY', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1])}
`;

/**
 * Counts in any case. What is given back may have been taken before the count began anew: no count is less than
 * nothing, or the next day would have more than it may. KEYS, ARGV and what it returns: as above.
 */
const ADJUST = `
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
local by = math.max(ARGV[1], -used)
if by ~= 0 then
  redis.call('SET', KEYS[1], 0, 'EX', ARGV[2], 'NX')
  used = redis.call('INCRBY', KEYS[1], by)
end
return {used, redis.call('PTTL', KEYS[1])}
`;

interface Limiters {
  /** Counts what fits. */
  readonly taking: RateLimiterRedis;
  /** Counts in any case. */
  readonly adjusting: RateLimiterRedis;
}

/** Counts in Redis for all servers together, and in this process while Redis is away. */
export class RedisMeters implements Meters {
  readonly #client: Redis["client"];
  readonly #name: string;
  readonly #limiters = new Map<string, Limiters>();
  /** Places taken from here, by subject. */
  readonly #taken = new Map<string, number>();

  constructor(client: Redis["client"], name: string) {
    this.#client = client;
    this.#name = name;
  }

  async take(meter: Meter, subject: string, units: number, quota: number): Promise<Balance> {
    try {
      return toBalance(await this.#limitersOf(meter, quota).taking.consume(subject, units), true);
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      return toBalance(refusal as RateLimiterRes, false);
    }
  }

  adjust(meter: Meter, subject: string, units: number, quota: number): void {
    const { adjusting } = this.#limitersOf(meter, quota);
    const adjusted = units > 0 ? adjusting.penalty(subject, units) : adjusting.reward(subject, -units);
    adjusted.catch(() => {
      // What could not be counted is lost; the next is counted again.
    });
  }

  async enter(subject: string, places: number): Promise<(() => void) | null> {
    const key = `${this.#name}:limits:places:${subject}`;
    const place = randomBytes(9).toString("base64url");
    const here = this.#taken.get(subject) ?? 0;
    // Redis may be away: then what this process has given counts alone.
    const granted = await this.#enter(key, place, places).catch(() => here < places);
    if (!granted) return null;
    this.#taken.set(subject, (this.#taken.get(subject) ?? 0) + 1);
    const renewal = setInterval(() => {
      this.#enter(key, place, Number.MAX_SAFE_INTEGER).catch(() => {
        // The next renewal comes long before the lease lapses.
      });
    }, RENEW_MS);
    renewal.unref();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      clearInterval(renewal);
      const remaining = (this.#taken.get(subject) ?? 1) - 1;
      if (remaining > 0) this.#taken.set(subject, remaining);
      else this.#taken.delete(subject);
      this.#client.zRem(key, place).catch(() => {
        // It lapses by itself.
      });
    };
  }

  async #enter(key: string, place: string, places: number): Promise<boolean> {
    const args = [place, String(LEASE_MS), String(places)];
    return (
      (await withinDeadline(this.#client.eval(ENTER, { keys: [key], arguments: args }), TIMEOUT_MS)) === 1
    );
  }

  #limitersOf(meter: Meter, quota: number): Limiters {
    const known = this.#limiters.get(`${meter} ${quota}`);
    if (known) return known;
    const counted = { points: quota, duration: WINDOW_SECONDS[meter] };
    const options = {
      ...counted,
      storeClient: this.#withDeadline(),
      useRedisPackage: true,
      keyPrefix: `${this.#name}:limits:${meter}`,
      insuranceLimiter: new RateLimiterMemory(counted),
    };
    const limiters = {
      taking: new RateLimiterRedis({ ...options, customIncrTtlLuaScript: TAKE }),
      adjusting: new RateLimiterRedis({ ...options, customIncrTtlLuaScript: ADJUST }),
    };
    this.#limiters.set(`${meter} ${quota}`, limiters);
    return limiters;
  }

  /** What the limiter uses of a client, given up when it takes too long. */
  #withDeadline() {
    const client = this.#client;
    return {
      eval: (script: string, options: { keys: string[]; arguments: string[] }) =>
        withinDeadline(client.eval(script, options), TIMEOUT_MS),
    };
  }
}

const toBalance = ({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Balance => ({
  allowed,
  remaining: Math.max(remainingPoints, 0),
  resetMs: Math.max(msBeforeNext, 0),
});
