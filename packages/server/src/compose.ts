import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { Chat } from "./chat/chat.ts";
import type { ChatModel } from "./chat/chat-model.ts";
import type { TurnInfo } from "./chat/conversations.ts";
import { Planner } from "./chat/plan.ts";
import { Providers } from "./chat/providers.ts";
import { Reports } from "./chat/reports.ts";
import { TokenCounter } from "./chat/token-counter.ts";
import type { Config } from "./config.ts";
import { buildApi } from "./http/app.ts";
import { principalOf } from "./http/authenticate.ts";
import { limitConnections } from "./http/connections.ts";
import { buildPage } from "./http/page.ts";
import { createIdentity } from "./identity/identity.ts";
import { AnswerSizes } from "./limits/answer-sizes.ts";
import { BoundedConversations } from "./limits/bounded-conversations.ts";
import { capped, overloaded } from "./limits/capped-model.ts";
import { Limits } from "./limits/limits.ts";
import { MeteredConversations } from "./limits/metered-conversations.ts";
import { Turnstile } from "./limits/turnstile.ts";
import { Metrics } from "./observability/metrics.ts";
import { startTracing } from "./observability/tracing.ts";
import { logTurn } from "./observability/turn-log.ts";
import { memoryUsed } from "./storage/memory-used.ts";
import { OwnersConversations } from "./storage/owners-conversations.ts";
import { KEY_NAME, type Redis } from "./storage/redis.ts";
import { RedisIdentityStore } from "./storage/redis-identity-store.ts";
import { RedisMeters } from "./storage/redis-meters.ts";
import { timedClient } from "./storage/timed-client.ts";

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
export async function compose({ config, log, redis, models, name = KEY_NAME }: Parts) {
  const { concurrency, queue } = config.limits.providers;
  const queues = new Map(
    models.flatMap(({ id, name: shownAs }) => {
      const places = concurrency.get(id);
      return places === undefined
        ? []
        : [[id, new Turnstile(places, queue, () => overloaded(shownAs, queue))] as const];
    }),
  );
  const providers = new Providers(
    models.map((model) => {
      const turnstile = queues.get(model.id);
      return turnstile === undefined ? model : capped(model, turnstile);
    }),
    config.defaultProvider,
  );
  const tracing = await startTracing(config.tracing, log);
  const tokens = new TokenCounter();
  const planner = new Planner(providers, tokens, config.maxContextTokens);
  const chat = new Chat({
    planner,
    tokens,
    deadlines: config.deadlines,
    onTurnEnd: (turn) => {
      metrics.turnEnded(turn);
      logTurn(log, turn.result, tracing?.turnEnded(turn));
    },
    onUnexpected: (error, turnId) =>
      log.error({ err: error, turn_id: turnId }, "A turn met an unexpected error"),
  });
  const metrics = new Metrics({
    providers,
    queues,
    runningTurns: () => chat.running,
    storageReady: () => redis.answers(),
    storageUsed: () => memoryUsed(redis.client),
  });
  const identity = createIdentity(
    config.identity,
    new RedisIdentityStore(redis.client, name),
    new Set(config.limits.groups.keys()),
  );
  const limits = new Limits(config.limits, new RedisMeters(redis.client, name));
  const answers = new AnswerSizes();
  const client = timedClient(redis.client, metrics);
  const stores = new OwnersConversations({ config, client, subscriber: redis.subscriber, name });
  const { sessionTtlSeconds: maxTtlSeconds } = config.limits;
  const priceOf = async ({ provider, model: modelName }: TurnInfo) =>
    (await providers.availability(providers.get(provider))).models.find(({ id }) => id === modelName)
      ?.price ?? null;
  const api = await buildApi(
    {
      chat,
      reports: new Reports(planner, providers, tokens),
      providers,
      identity,
      limits,
      publicUrl: config.identity.publicUrl,
      allowedOrigins: config.identity.allowedOrigins,
      trustedProxies: config.identity.trustedProxies,
      conversationsOf: (request) => {
        const principal = principalOf(request);
        const account = limits.ownerAccount(principal);
        const { conversations, room } = stores.of(principal.owner, account.allowances);
        const accounts = [account, limits.addressAccount(request.ip)];
        const bounded = new BoundedConversations(conversations, { limits, accounts, room, maxTtlSeconds });
        return new MeteredConversations(bounded, { limits, accounts, answers, priceOf });
      },
      storageReady: () => redis.answers(),
      metrics,
      metricsToken: config.metricsToken,
      defaultMode: config.defaultMode,
      maxMessageChars: config.maxMessageChars,
      sessionTtlSeconds: config.sessionTtlSeconds,
    },
    log,
  );
  // The API can do without the page, for instance where nginx serves it.
  const page = existsSync(PAGE_ROOT) ? await buildPage(PAGE_ROOT, api, log) : undefined;

  const servers = [api, ...(page ? [page] : [])].map(({ server }) => server);
  const { connections, connectionsOfAddress } = config.limits;
  for (const server of servers) server.maxConnections = connections;
  if (connectionsOfAddress !== null) {
    limitConnections(servers, connectionsOfAddress, config.identity.trustedProxies, log);
  }

  return {
    api,
    page,
    prepareOne: () => providers.prepareOne(),
    /** Ends it all: running turns first, each with a definite end. */
    close: async (graceMs: number): Promise<void> => {
      // Streams go on to their end; who comes now cannot connect, and a balancer goes on to the next server.
      for (const server of servers) server.close();
      await chat.close(graceMs);
      await Promise.all([api.close(), page?.close()]);
      await Promise.all([providers.close(), tracing?.close()]);
      redis.close();
    },
  };
}
