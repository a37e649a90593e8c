import type { RedisClient } from "./redis/client.ts";
import { LOCAL_OWNER } from "./redis/keys.ts";
import { assertId, assertTimeout, assertTtl } from "./validate.ts";

/** What every class of the library is made of. */
export interface MemoryOptions {
  /** A connected client of `@redis/client` or `ioredis`: single, cluster or sentinel. */
  readonly client: RedisClient;
  /** What all keys begin with. Default `chat_history`. */
  readonly name?: string;
  /** For how many seconds a session lives after its last use. Default 3,600. A session can have its own, see `expire`. */
  readonly ttlSeconds?: number;
  /** Whose sessions these are. Default `local`; a session of another owner cannot be named. */
  readonly owner?: string;
  /** How many ms an operation may take before it is given up as `unavailable`. Default 5,000. */
  readonly timeoutMs?: number;
}

export interface ResolvedOptions {
  readonly client: RedisClient;
  readonly name: string;
  readonly ttlMs: number;
  readonly owner: string;
  readonly timeoutMs: number;
}

export function resolveOptions(options: MemoryOptions): ResolvedOptions {
  const { client, name = "chat_history", ttlSeconds = 3600, owner = LOCAL_OWNER, timeoutMs = 5000 } = options;
  assertId("name", name);
  // A brace in the name would be the hash tag, and spread a session over slots.
  if (/[{}]/.test(name)) throw new TypeError("name must not contain braces");
  assertId("owner", owner);
  assertTtl("ttlSeconds", ttlSeconds);
  assertTimeout("timeoutMs", timeoutMs);
  return { client, name, ttlMs: ttlSeconds * 1000, owner, timeoutMs };
}
