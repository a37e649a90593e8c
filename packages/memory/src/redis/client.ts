/**
 * The subset of `@redis/client` (or `redis`) 5 and 6 that this library needs; single, cluster and sentinel clients
 * have it. Declared here so that the library depends on no client.
 */
export interface NodeRedisClient {
  /** Left out by a client that stands for several: it may come back. */
  readonly isOpen?: boolean;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The subset of `ioredis` 5 and 6 that this library needs: of `Redis` and `Cluster`. */
export interface IoRedisClient {
  readonly status?: string;
  evalsha(sha1: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** A connected client. It is used, never opened, configured or closed. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** The subset of a second connection of `@redis/client`, which is notified when a turn grows. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  unsubscribe(channel: string, listener: () => void): Promise<unknown>;
}

/** The subset of a second connection of `ioredis`; its `keyPrefix` must be that of the first. */
export interface IoRedisSubscriber {
  readonly options?: { readonly keyPrefix?: string | undefined };
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: "message", listener: (channel: string) => void): unknown;
}

export interface Evaluator {
  /** True if its owner has closed it, or not opened it: it will not reconnect by itself. */
  isClosed(): boolean;
  bySha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
  bySource(source: string, keys: string[], args: string[]): Promise<unknown>;
}

/** Adapts either client. Scripts are all that the library ever sends. @throws TypeError for any other client */
export function evaluator(client: RedisClient): Evaluator {
  if (typeof client !== "object" || client === null) throw notAClient();
  if ("evalSha" in client) {
    return {
      isClosed: () => client.isOpen === false,
      bySha: (sha1, keys, args) => client.evalSha(sha1, { keys, arguments: args }),
      bySource: (source, keys, args) => client.eval(source, { keys, arguments: args }),
    };
  }
  if ("evalsha" in client) {
    // It has the names of ioredis' methods with other arguments, and reads each text that looks like JSON as JSON.
    if ("createScript" in client) {
      throw new TypeError(
        "client is Upstash's REST client, which changes texts: connect @redis/client or ioredis to the same database " +
          "by its rediss:// URL",
      );
    }
    return {
      isClosed: () => client.status === "end",
      bySha: (sha1, keys, args) => client.evalsha(sha1, keys.length, ...keys, ...args),
      bySource: (source, keys, args) => client.eval(source, keys.length, ...keys, ...args),
    };
  }
  throw notAClient();
}

const notAClient = (): TypeError =>
  new TypeError(
    "client must be a connected client of @redis/client or ioredis, not a URL, a promise or another client",
  );
