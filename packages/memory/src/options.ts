import type { RedisClient } from "./redis/client.ts";
import { LOCAL_OWNER } from "./redis/keys.ts";
import { assertFields, assertId, assertTimeout, assertTtl } from "./validate.ts";

/** Options of every class. */
export interface MemoryOptions {
  /** A connected client of `@redis/client` or `ioredis`: single, cluster or sentinel. */
  readonly client: RedisClient;
  /** What all keys begin with. Default `chat_history`. */
  readonly name?: string;
  /** Seconds from a session's last use until it expires. Default 3,600. A session can have its own, see `expire`. */
  readonly ttlSeconds?: number;
  /** Whose sessions these are. Default `local`; a session of another owner cannot be named. */
  readonly owner?: string;
  /** Milliseconds until an operation fails as `unavailable`. Default 5,000. */
  readonly timeoutMs?: number;
}

export interface ResolvedOptions {
  readonly client: RedisClient;
  readonly name: string;
  readonly ttlMs: number;
  readonly owner: string;
  readonly timeoutMs: number;
}

// Of all classes: they can be given one object.
const FIELDS = new Set([
  ...["client", "name", "ttlSeconds", "owner", "timeoutMs"],
  ...[
    "onDamaged",
    "recall",
    "embedder",
    "subscriber",
    "leaseMs",
    "maxIdleMs",
    "maxSessions",
    "maxBytes",
    "maxBlobBytes",
    "maxSessionBytes",
  ],
]);

/** @throws TypeError */
export function resolveOptions(options: MemoryOptions): ResolvedOptions {
  if (!isObject(options) || !isObject(options.client)) {
    throw new TypeError("client is missing: pass { client }, a connected client of @redis/client or ioredis");
  }
  assertFields("options", options, FIELDS);
  const { client, name = "chat_history", ttlSeconds = 3600, owner = LOCAL_OWNER, timeoutMs = 5000 } = options;
  assertId("name", name);
  // A brace in the name would be the hash tag, and spread a session over slots.
  if (/[{}]/.test(name)) throw new TypeError("name must not contain braces");
  assertId("owner", owner);
  assertTtl("ttlSeconds", ttlSeconds);
  assertTimeout("timeoutMs", timeoutMs);
  return { client, name, ttlMs: ttlSeconds * 1000, owner, timeoutMs };
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
