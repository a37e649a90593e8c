import type { RedisConfig } from "../config/redis.ts";
import { connectCluster } from "./connections/cluster.ts";
import type { Connect, Connection } from "./connections/connection.ts";
import { connectSentinel } from "./connections/sentinel.ts";
import { connectSingle } from "./connections/single.ts";
import { type Node, nodesOf } from "./nodes.ts";
import { withinDeadline } from "./within-deadline.ts";

interface Log {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** What all keys begin with. */
export const KEY_NAME = "chat_history";

const STARTS_WITHIN_MS = 3000;

const CONNECT: Readonly<Record<RedisConfig["topology"], Connect>> = {
  single: connectSingle,
  sentinel: connectSentinel,
  cluster: connectCluster,
};

export interface Redis extends Connection {
  /** Where it is, for people: without user and password. */
  readonly address: string;
  /** Whether it answers a PING in time; of a Cluster, one of its masters. */
  answers(): Promise<boolean>;
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
export async function connectRedis(config: RedisConfig, log: Log): Promise<Redis> {
  const address = config.nodes.map(({ host, port }) => `${host}:${port}`).join(", ");
  let away = false;
  let refused: string | undefined;
  const connection = CONNECT[config.topology](config, {
    onAway: (error) => {
      if (/WRONGPASS|NOAUTH|NOPERM|invalid password/i.test(error.message)) refused = error.message;
      if (!away) {
        log.warn(
          { reason: describe(error) },
          `Failed to connect to Redis at ${address}; trying again until it is there`,
        );
      }
      away = true;
    },
    onReady: () => {
      if (away) log.info({}, `Redis at ${address} is there again`);
      away = false;
    },
  });
  const started = performance.now();
  while (!connection.isReady() && refused === undefined && performance.now() - started < STARTS_WITHIN_MS) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (refused !== undefined) {
    connection.close();
    throw new RedisRefused(
      `Redis at ${address} refuses the connection: ${refused}. Check REDIS_PASSWORD, or the user and password in REDIS_URL.`,
    );
  }
  if (connection.isReady()) await warnOfEviction(connection, address, log);
  const answers = (): Promise<boolean> =>
    withinDeadline(firstAnswer(connection, (node) => node.ping())).then(
      () => true,
      () => false,
    );
  return { ...connection, address, answers };
}

/** What one of its nodes answers, whichever is first. */
const firstAnswer = <Answer>({ client }: Connection, ask: (node: Node) => Promise<Answer>): Promise<Answer> =>
  Promise.any(Array.from(nodesOf(client), async (node) => ask(await node)));

// A Redis that evicts forgets conversations before their time, and nobody is told.
async function warnOfEviction(connection: Connection, address: string, log: Log): Promise<void> {
  const memory = await firstAnswer(connection, (node) => node.info("memory")).catch(() => "");
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
  if (policy === undefined || policy === "noeviction") return;
  log.warn(
    { policy },
    `Redis at ${address} evicts keys when it is full (maxmemory-policy ${policy}): conversations can vanish before they expire. Set maxmemory-policy noeviction.`,
  );
}

const describe = (error: Error): string =>
  error instanceof AggregateError ? error.errors.map(String).join("; ") : error.message;
