import { tlsProblem } from "@redis-memory-magic/setup/redis/tls-problem";
import type { RedisConfig } from "../config/redis.ts";
import { isLastingRefusal, unavailabilityReason } from "../errors/redis-refusal.ts";
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

/** The prefix of all keys. */
export const KEY_NAME = "chat_history";

const STARTS_WITHIN_MS = 3000;

const CONNECT: Readonly<Record<RedisConfig["topology"], Connect>> = {
  single: connectSingle,
  sentinel: connectSentinel,
  cluster: connectCluster,
};

export interface Redis extends Connection {
  /** Its hosts and ports, without user and password. */
  readonly address: string;
  /** Resolves with null if a turn could be stored, else with the reason. On a Cluster one master is enough. */
  unavailability(): Promise<string | null>;
}

/** Redis answers and refuses, and waiting does not help. */
export class RedisRefused extends Error {
  override readonly name = "RedisRefused";
}

/**
 * Connects, and connects again whenever the connection breaks. Resolves after a few seconds even if Redis is away, with a
 * warning in the log.
 * @throws RedisRefused for a wrong password, a missing database, or a user without the permissions
 */
export async function connectRedis(config: RedisConfig, log: Log): Promise<Redis> {
  const address = config.nodes.map(({ host, port }) => `${host}:${port}`).join(", ");
  let away = false;
  let refusal: Error | undefined;
  const connection = CONNECT[config.topology](config, {
    onAway: (error) => {
      if (isLastingRefusal(error)) refusal = error;
      if (!away) {
        log.warn(
          { reason: tlsProblem(error, config.tls !== undefined) ?? describe(error) },
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
  while (!connection.isReady() && refusal === undefined && performance.now() - started < STARTS_WITHIN_MS) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (connection.isReady()) {
    const error = await probeWrite(connection, config);
    if (error && isLastingRefusal(error)) refusal = error;
    else if (error)
      log.warn(
        { reason: replyOf(error) },
        `Redis at ${address} does not store: ${unavailabilityReason(error)} What to do: npm run doctor`,
      );
  }
  if (refusal !== undefined) {
    connection.close();
    throw new RedisRefused(`Redis at ${address} refuses the connection: ${replyOf(refusal)}. ${ADVICE}`);
  }
  if (connection.isReady()) await warnOfEviction(connection, address, log);
  return {
    ...connection,
    address,
    unavailability: async () => {
      const error = await probeWrite(connection, config);
      return error && unavailabilityReason(error);
    },
  };
}

const ADVICE =
  "Check REDIS_URL, or REDIS_PASSWORD and REDIS_DB: the user, the password, the database, and that the user may run scripts on the keys chat_history:*.";

// Writes and removes a key, as the first script of a turn does.
const PROBE = "redis.call('HSET', KEYS[1], 'probe', 1) return redis.call('DEL', KEYS[1])";
// Keys of several slots: on a Cluster they belong to several masters.
const PROBES = { single: 1, sentinel: 1, cluster: 8 } as const;

/** Tries to write. Leaves nothing behind. Resolves with the error, or null. */
async function probeWrite({ client }: Connection, { topology }: RedisConfig): Promise<Error | null> {
  const tries = Array.from({ length: PROBES[topology] }, (_, n) =>
    client.eval(PROBE, { keys: [`${KEY_NAME}:{probe-${n}}:meta`], arguments: [] }),
  );
  return withinDeadline(Promise.any(tries)).then(
    () => null,
    (error: Error) => error,
  );
}

/** What Redis replied, without the wrappers. */
function replyOf(error: Error): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error ? replyOf(inner) : error.message.replace(/\.+$/, "");
}

/** Resolves with the first answer of any node. */
const firstAnswer = <Answer>({ client }: Connection, ask: (node: Node) => Promise<Answer>): Promise<Answer> =>
  Promise.any(Array.from(nodesOf(client), async (node) => ask(await node)));

// A Redis that evicts keys loses conversations before they expire, without notice.
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
