import type { NodeRedisClient } from "@redis-memory-magic/memory";
import { LRUCache } from "lru-cache";
import { withinDeadline } from "../storage/within-deadline.ts";

/** What is counted per window. */
export type LimitKind = "requests" | "tokens" | "usd" | "bytes";

/** A window begins with its first use. */
export const WINDOW_SECONDS: Readonly<Record<LimitKind, number>> = {
  requests: 60,
  tokens: 86_400,
  usd: 86_400,
  bytes: 86_400,
};

export interface Usage {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the window ends, in ms. */
  readonly resetMs: number;
}

// Each request waits for its count, so a slow Redis counts as unavailable sooner than it does for the memory.
const TIMEOUT_MS = 500;
// While Redis is unavailable.
const SUBJECTS_IN_PROCESS = 10_000;

/**
 * Counts units, if they fit; refused units are not counted, so a flood of refused requests costs other callers nothing.
 * KEYS[1] the count   ARGV[1] units   ARGV[2] the window in seconds   ARGV[3] the quota
 * Returns {the count with these units, whether they fit or not; its TTL in ms}
 */
const TAKE = `
redis.call('SET', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local used = redis.call('GET', KEYS[1]) + ARGV[1]
if used <= tonumber(ARGV[3]) then redis.call('INCRBY', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1])}
`;

/**
 * Adds units without a check; negative ones give back. A count never gets below 0: what is given back may have been
 * taken in the window before, and must not enlarge this one.
 * KEYS[1] the count   ARGV[1] units   ARGV[2] the window in seconds
 */
const ADJUST = `
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
local by = math.max(ARGV[1], -used)
if by ~= 0 then
  redis.call('SET', KEYS[1], 0, 'EX', ARGV[2], 'NX')
  redis.call('INCRBY', KEYS[1], by)
end
return 1
`;

/** Counts usage per window: in Redis for all servers together, in this process while Redis is unavailable. */
export class UsageCounter {
  readonly #client: Pick<NodeRedisClient, "eval">;
  readonly #name: string;
  readonly #inProcess: LRUCache<string, number>;

  /** @param now a clock in ms, for what is counted in this process */
  constructor(client: Pick<NodeRedisClient, "eval">, name: string, now = () => performance.now()) {
    this.#client = client;
    this.#name = name;
    this.#inProcess = new LRUCache({ max: SUBJECTS_IN_PROCESS, perf: { now }, ttlResolution: 0 });
  }

  /** Counts units if they fit into the quota. Never rejects. */
  async take(kind: LimitKind, subject: string, units: number, quota: number): Promise<Usage> {
    const key = this.#key(kind, subject);
    const [used, resetMs] = await this.#run(TAKE, key, [units, WINDOW_SECONDS[kind], quota])
      .then((reply) => reply as [number, number])
      .catch(() => this.#takeInProcess(kind, key, units, quota));
    const allowed = used <= quota;
    const before = used - units;
    return {
      allowed,
      remaining: Math.max(0, quota - (allowed ? used : before)),
      resetMs: Math.max(0, resetMs),
    };
  }

  /** Adds units without a check; negative ones give back. Runs in the background. */
  adjust(kind: LimitKind, subject: string, units: number): void {
    const key = this.#key(kind, subject);
    this.#run(ADJUST, key, [units, WINDOW_SECONDS[kind]]).catch(() => {
      const used = this.#inProcess.get(key) ?? 0;
      this.#count(kind, key, Math.max(0, used + units));
    });
  }

  #takeInProcess(
    kind: LimitKind,
    key: string,
    units: number,
    quota: number,
  ): [used: number, resetMs: number] {
    const used = (this.#inProcess.get(key) ?? 0) + units;
    if (used <= quota) this.#count(kind, key, used);
    return [used, this.#inProcess.getRemainingTTL(key) || WINDOW_SECONDS[kind] * 1000];
  }

  #count(kind: LimitKind, key: string, used: number): void {
    // A key that is there keeps the end of its window.
    const ttl = this.#inProcess.getRemainingTTL(key) || WINDOW_SECONDS[kind] * 1000;
    this.#inProcess.set(key, used, { ttl });
  }

  #run(script: string, key: string, args: readonly number[]): Promise<unknown> {
    const command = this.#client.eval(script, { keys: [key], arguments: args.map(String) });
    return withinDeadline(command, TIMEOUT_MS);
  }

  #key(kind: LimitKind, subject: string): string {
    return `${this.#name}:limits:${kind}:${subject}`;
  }
}
