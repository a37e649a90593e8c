import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LOCAL_OWNER } from "@redis-memory-magic/memory";
import type { Logger } from "pino";
import { Chat } from "./chat/chat.ts";
import type { ChatModel } from "./chat/chat-model.ts";
import { Planner } from "./chat/plan.ts";
import { Providers } from "./chat/providers.ts";
import { Reports } from "./chat/reports.ts";
import { TokenCounter } from "./chat/token-counter.ts";
import type { Config } from "./config.ts";
import { buildApi } from "./http/app.ts";
import { buildPage } from "./http/page.ts";
import { logTurn } from "./observability/turn-log.ts";
import { REDIS_TIMEOUT_MS, type Redis } from "./storage/redis.ts";
import { RedisConversations } from "./storage/redis-conversations.ts";

const PAGE_ROOT = fileURLToPath(new URL("../../web/dist", import.meta.url));

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly redis: Redis;
  readonly models: readonly ChatModel[];
  /** What all keys in Redis begin with. */
  readonly name?: string;
}

/** Puts the parts together: the one place that knows them all. */
export async function compose({ config, log, redis, models, name }: Parts) {
  const providers = new Providers(models, config.defaultProvider);
  const tokens = new TokenCounter();
  const planner = new Planner(providers, tokens, config.maxContextTokens);
  const chat = new Chat({
    planner,
    tokens,
    deadlines: config.deadlines,
    onTurnEnd: (result) => logTurn(log, result),
    onUnexpected: (error) => log.error({ err: error }, "A turn met an unexpected error"),
  });
  const conversations = new RedisConversations({
    client: redis.client,
    subscriber: redis.subscriber,
    owner: LOCAL_OWNER,
    ttlSeconds: config.sessionTtlSeconds,
    timeoutMs: REDIS_TIMEOUT_MS,
    ...(name !== undefined && { name }),
  });
  const api = await buildApi(
    {
      chat,
      reports: new Reports(planner, providers, tokens),
      providers,
      conversationsOf: () => conversations,
      storageReady: () => redis.answers(),
      defaultMode: config.defaultMode,
      maxMessageChars: config.maxMessageChars,
      sessionTtlSeconds: config.sessionTtlSeconds,
    },
    log,
  );
  // The API can do without the page, for instance where nginx serves it.
  const page = existsSync(PAGE_ROOT) ? await buildPage(PAGE_ROOT, api, log) : undefined;

  return {
    api,
    page,
    prepareOne: () => providers.prepareOne(),
    /** Ends it all: running turns first, each with a definite end. */
    close: async (graceMs: number): Promise<void> => {
      await chat.close(graceMs);
      await Promise.all([api.close(), page?.close()]);
      await providers.close();
      redis.close();
    },
  };
}
