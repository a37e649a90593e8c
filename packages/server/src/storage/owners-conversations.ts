import type { NodeRedisClient } from "@redis-memory-magic/memory";
import { LruMap } from "../chat/lru-map.ts";
import type { Allowances } from "../config/limits.ts";
import type { Config } from "../config.ts";
import { REDIS_TIMEOUT_MS } from "./connections/client-options.ts";
import type { Redis } from "./redis.ts";
import { RedisConversations } from "./redis-conversations.ts";
import { RedisRoom } from "./redis-room.ts";

// Those who were here lately; another one costs no round trip, only a few objects.
const OWNERS = 1000;

interface Options {
  readonly config: Pick<Config, "sessionTtlSeconds">;
  readonly client: NodeRedisClient;
  readonly subscriber: Redis["subscriber"];
  readonly name: string;
}

interface Kept {
  readonly conversations: RedisConversations;
  /** Absent: he may keep as much as he likes. */
  readonly room: RedisRoom | undefined;
}

/** The conversations of many owners, each owner's made when he comes. */
export class OwnersConversations {
  readonly #options: Options;
  readonly #owners = new LruMap<RedisConversations>(OWNERS);

  constructor(options: Options) {
    this.#options = options;
  }

  of(owner: string, { sessions, storedBytes }: Allowances): Kept {
    const { config, client, subscriber, name } = this.#options;
    const options = {
      client,
      subscriber,
      owner,
      name,
      ttlSeconds: config.sessionTtlSeconds,
      timeoutMs: REDIS_TIMEOUT_MS,
    };
    const conversations = this.#owners.get(owner) ?? new RedisConversations(options);
    this.#owners.set(owner, conversations);
    if (sessions === null && storedBytes === null) return { conversations, room: undefined };
    const limits = { maxSessions: sessions ?? undefined, maxBytes: storedBytes ?? undefined };
    return { conversations, room: new RedisRoom({ ...options, ...limits }) };
  }
}
