import { createClient } from "@redis/client";
import type { Config } from "../config.ts";
import { watchConnection } from "./watch-connection.ts";

interface Log {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** What all keys begin with. */
export const KEY_NAME = "chat_history";

/** How long Redis may take before it counts as away. */
export const REDIS_TIMEOUT_MS = 2000;

export interface Redis {
  readonly client: ReturnType<typeof newClient>;
  /** A second connection, for being woken. */
  readonly subscriber: ReturnType<typeof newClient>;
  /** Where it is, for people: without user and password. */
  readonly address: string;
  /** Whether it answers a PING in time. */
  answers(): Promise<boolean>;
  close(): void;
}

/** Redis is there and says no: waiting will not help. */
export class RedisRefused extends Error {
  override readonly name = "RedisRefused";
}

/**
 * Connects, and keeps reconnecting for ever. A Redis that is away at the start is no reason not to start:
 * resolves then too, after a few seconds, with a warning in the log.
 * @throws RedisRefused for a wrong user or password
 */
export async function connectRedis(config: Config["redis"], log: Log): Promise<Redis> {
  const client = newClient(config);
  const subscriber = client.duplicate();
  const address = config.url === undefined ? `${config.host}:${config.port}` : new URL(config.url).host;
  let away = false;
  let refused: string | undefined;
  client.on("error", (error: Error) => {
    if (/WRONGPASS|NOAUTH|NOPERM|invalid password/i.test(error.message)) refused = error.message;
    if (!away)
      log.warn(
        { reason: describe(error) },
        `Failed to connect to Redis at ${address}; trying again until it is there`,
      );
    away = true;
  });
  client.on("ready", () => {
    if (away) log.info({}, `Redis at ${address} is there again`);
    away = false;
  });
  subscriber.on("error", () => {
    // The same Redis, and the same errors.
  });
  const connected = Promise.all([client.connect(), subscriber.connect()]);
  connected.catch(() => {});
  const watches = [client, subscriber].map((connection) =>
    watchConnection(connection, REDIS_TIMEOUT_MS, () => {
      if (!away) log.warn({}, `Redis at ${address} does not answer; connecting to it anew`);
      away = true;
    }),
  );
  const started = performance.now();
  while (!client.isReady && refused === undefined && performance.now() - started < 3000) {
    await Promise.race([connected, new Promise((resolve) => setTimeout(resolve, 100))]).catch(() => {});
  }
  const redis: Redis = {
    client,
    subscriber,
    address,
    answers: () => {
      const late = new Promise<false>((resolve) => setTimeout(resolve, REDIS_TIMEOUT_MS, false));
      const answered = client.ping().then(
        () => true,
        () => false,
      );
      return Promise.race([answered, late]);
    },
    close: () => {
      for (const watch of watches) watch.stop();
      client.destroy();
      subscriber.destroy();
    },
  };
  if (refused !== undefined) {
    redis.close();
    throw new RedisRefused(
      `Redis at ${address} refuses the connection: ${refused}. Check REDIS_PASSWORD, or the user and password in REDIS_URL.`,
    );
  }
  if (client.isReady) await warnOfEviction(redis, log);
  return redis;
}

function newClient({ url, host, port, database, password }: Config["redis"]) {
  return createClient({
    ...(url === undefined ? { database, ...(password !== undefined && { password }) } : { url }),
    // Its own timeout costs more than the commands themselves; each operation has a deadline of its own instead.
    commandOptions: { timeout: 0 },
    // While Redis is away an operation fails at once, and nothing queues up.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    socket: {
      ...(url === undefined && { host, port }),
      connectTimeout: REDIS_TIMEOUT_MS,
      // For a peer that accepts a connection and then says nothing.
      socketTimeout: 2 * REDIS_TIMEOUT_MS,
      reconnectStrategy: (retries: number) => Math.min(50 * 2 ** Math.min(retries, 10), 1000),
    },
  });
}

// A Redis that evicts forgets conversations before their time, and nobody is told.
async function warnOfEviction({ client, address }: Redis, log: Log): Promise<void> {
  const memory = await client.info("memory").catch(() => "");
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
  if (policy === undefined || policy === "noeviction") return;
  log.warn(
    { policy },
    `Redis at ${address} evicts keys when it is full (maxmemory-policy ${policy}): conversations can vanish before they expire. Set maxmemory-policy noeviction.`,
  );
}

const describe = (error: Error): string =>
  error instanceof AggregateError ? error.errors.map(String).join("; ") : error.message;
