import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { BuiltInEmbedding } from "./chat/built-in-embedding.ts";
import type { Caller } from "./chat/caller.ts";
import { Chat } from "./chat/chat.ts";
import type { ChatModel } from "./chat/chat-model.ts";
import { Planner } from "./chat/plan.ts";
import { MAX_QUEUED_MS, Providers } from "./chat/providers.ts";
import { longestSilenceMs } from "./chat/relay.ts";
import { Reports } from "./chat/reports.ts";
import { SessionStore } from "./chat/session-store.ts";
import { TokenCounter } from "./chat/token-counter.ts";
import type { Config } from "./config/config.ts";
import { buildApi } from "./http/app.ts";
import { principalOf } from "./http/hooks/authenticate.ts";
import { limitConnections } from "./http/hooks/connections.ts";
import { buildPage } from "./http/page.ts";
import { createIdentity } from "./identity/identity.ts";
import { embedderOf, keepsCount } from "./limits/counted-embedder.ts";
import { OutputEstimates } from "./limits/output-estimates.ts";
import { CallerQuota } from "./limits/storage-quota.ts";
import { admitTurn } from "./limits/turn-permit.ts";
import { TurnSlots } from "./limits/turn-slots.ts";
import { UsageCounter } from "./limits/usage-counter.ts";
import { UsageLimits } from "./limits/usage-limits.ts";
import { Metrics } from "./observability/metrics.ts";
import { startTracing } from "./observability/tracing.ts";
import { logTurn } from "./observability/turn-log.ts";
import { ModelNames } from "./openai/model-names.ts";
import { openAiRoutes } from "./openai/openai-routes.ts";
import { lastGoodBackup } from "./storage/backup/last-backup.ts";
import { REDIS_TIMEOUT_MS } from "./storage/connections/client-options.ts";
import { IdentityStore } from "./storage/identity-store.ts";
import { instrumentedClient } from "./storage/instrumented-client.ts";
import { memoryUsed } from "./storage/memory-used.ts";
import { KEY_NAME, type Redis } from "./storage/redis.ts";

const PAGE_ROOT = fileURLToPath(new URL("../../web/dist", import.meta.url));

// An owner's store costs a few objects and no round trip.
const CACHED_OWNERS = 1000;

/** What a turn does between its waits takes less: each of its calls to Redis has a deadline. */
const BETWEEN_WAITS_MS = 60_000;
/** The longest `maxIdleMs`. */
const MAX_IDLE_MS = 2 ** 31 - 1;

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly redis: Redis;
  readonly models: readonly ChatModel[];
  /** Absent: recall finds turns by their words. */
  readonly embedding?: BuiltInEmbedding | undefined;
  /** The prefix of all keys in Redis. */
  readonly name?: string;
}

/** Builds the server from its parts: the one place that knows them all. */
export async function compose({ config, log, redis, models, embedding, name = KEY_NAME }: Parts) {
  const { defaultProvider } = config;
  const providers = new Providers(models, { defaultProvider, ...config.limits.providers });
  const tracing = await startTracing(config.tracing, log);
  const runningTurns = (): number => chat.running;
  const metrics = new Metrics({
    providers,
    runningTurns,
    storageReady: async () => (await redis.unavailability()) === null,
    storageUsed: () => memoryUsed(redis.client),
    lastBackup: () => lastGoodBackup(redis.client, name),
  });
  const tokens = new TokenCounter();
  const planner = new Planner(providers, tokens, {
    maxContextTokens: config.maxContextTokens,
    summarizes: config.summaryModel !== "none",
  });
  const chat = new Chat({
    providers,
    planner,
    tokens,
    deadlines: config.deadlines,
    onTurnEnd: (turn) => {
      if (turn.result.error?.code === "provider_unavailable") providers.forget(turn.info.provider);
      metrics.turnEnded(turn);
      logTurn(log, turn.result, tracing?.turnEnded(turn));
    },
    onUnexpected: (error, turnId) =>
      log.error({ err: error, turn_id: turnId }, "A turn met an unexpected error"),
  });
  const identity = await createIdentity(
    config.identity,
    new IdentityStore(redis.client, name),
    new Set(config.limits.groups.keys()),
  );
  const counter = new UsageCounter(redis.client, name);
  const limits = new UsageLimits(config.limits, counter, new TurnSlots(redis.client, name));
  const estimates = new OutputEstimates();
  // Each wait of a turn has a deadline of its own, whose error says what was waited for: it has to come first.
  const longestWaitMs = MAX_QUEUED_MS + longestSilenceMs(config.deadlines) + BETWEEN_WAITS_MS;
  const maxIdleMs = Math.min(longestWaitMs, MAX_IDLE_MS);
  const memory = {
    client: instrumentedClient(redis.client, metrics),
    subscriber: redis.subscriber,
    name,
    ttlSeconds: config.sessionTtlSeconds,
    timeoutMs: REDIS_TIMEOUT_MS,
  };
  const stores = new LRUCache<string, SessionStore>({
    max: CACHED_OWNERS,
    memoMethod: (owner) =>
      new SessionStore({
        ...memory,
        owner,
        maxIdleMs,
        maxTtlSeconds: config.limits.sessionTtlSeconds,
        maxBlobBytes: config.maxImageBytes,
        ...(embedding && {
          embedder: embedderOf(embedding, keepsCount(config.limits) ? { ...memory, owner } : undefined),
          onSearch: () => void embedding.prepare(),
        }),
      }),
  });
  const callerOf = (request: FastifyRequest): Caller => {
    const principal = principalOf(request);
    const account = limits.ownerAccount(principal);
    const accounts = [account, limits.addressAccount(request.ip)];
    const { owner } = principal;
    const { sessions, storedBytes } = account.allowances;
    return {
      sessions: stores.memo(owner),
      quota: new CallerQuota(limits, accounts, {
        ...memory,
        owner,
        maxSessions: sessions ?? undefined,
        maxBytes: storedBytes ?? undefined,
      }),
      admitTurn: (turn) => admitTurn(limits, accounts, estimates, turn),
    };
  };
  const reports = new Reports(planner, providers, tokens);
  const api = await buildApi(
    {
      chat,
      reports,
      providers,
      identity,
      limits,
      publicUrl: config.identity.publicUrl,
      allowedOrigins: config.identity.allowedOrigins,
      trustedProxies: config.identity.trustedProxies,
      callerOf,
      storageUnavailability: () => redis.unavailability(),
      metrics,
      metricsToken: config.metricsToken,
      defaultMode: config.defaultMode,
      maxMessageChars: config.maxMessageChars,
      maxStreamedMessageChars: config.maxStreamedMessageChars,
      maxImageBytes: config.maxImageBytes,
      sessionTtlSeconds: config.sessionTtlSeconds,
    },
    log,
    [
      openAiRoutes({
        chat,
        providers,
        reports,
        callerOf,
        metrics,
        limits,
        models: new ModelNames(providers, config.modelAliases),
        embedding,
        ttlSeconds: Math.min(
          config.apiTtlSeconds,
          config.limits.sessionTtlSeconds ?? Number.POSITIVE_INFINITY,
        ),
      }),
    ],
  );
  // The page is missing where nginx serves it.
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
    runningTurns,
    prepareOne: () => providers.prepareOne(),
    /** Ends everything; running turns first, so each has a definite end. */
    close: async (graceMs: number): Promise<void> => {
      // Streams continue to their end. New clients cannot connect, so a load balancer uses another server.
      for (const server of servers) server.close();
      await chat.close(graceMs);
      await Promise.all([api.close(), page?.close()]);
      await Promise.all([providers.close(), embedding?.close(), tracing?.close()]);
      redis.close();
    },
  };
}
