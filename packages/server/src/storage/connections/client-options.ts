import { RedisClient } from "@redis/client";
import { lookupHost } from "@redis-memory-magic/setup/base/lookup-host";
import type { RedisConfig } from "../../config/redis.ts";

/** How long Redis may take before it counts as away. */
export const REDIS_TIMEOUT_MS = 2000;

/**
 * Makes a client, not connected. `createClient` builds a class of all commands again whenever its options are not those of
 * its last call, which costs about as much as the rest of a start.
 */
export const newClient = RedisClient.factory();

/** The options of every connection to a data server. */
export function clientOptions({
  username,
  password,
  tls,
}: Pick<RedisConfig, "username" | "password" | "tls">) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    // While Redis is away an operation fails at once, and nothing queues up.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    socket: {
      ...(tls && { tls: true as const, ...(tls.ca !== undefined && { ca: tls.ca }) }),
      lookup: lookupHost,
      connectTimeout: REDIS_TIMEOUT_MS,
      // For a peer that accepts a connection and then sends nothing.
      socketTimeout: 2 * REDIS_TIMEOUT_MS,
      reconnectStrategy: (retries: number) => Math.min(50 * 2 ** Math.min(retries, 10), 1000),
    },
  };
}

/** The client's timeout costs more than the commands; each operation has its own deadline instead. */
export const COMMAND_OPTIONS = { timeout: 0 };

/** The name of this server's connections in `CLIENT LIST`. */
const CONNECTION_NAME = "redis-memory-magic";

interface NamedClient {
  readonly isReady: boolean;
  on(event: "ready", listener: () => void): unknown;
  sendCommand(words: string[]): Promise<unknown>;
}

/** Names a connection, and names it again after it was lost. A user that may not do this stays without a name. */
export function nameConnection(client: NamedClient): void {
  const setName = (): void => {
    client.sendCommand(["CLIENT", "SETNAME", CONNECTION_NAME]).catch(() => {});
  };
  client.on("ready", setName);
  if (client.isReady) setName();
}
