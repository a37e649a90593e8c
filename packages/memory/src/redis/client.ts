/** What is used of `@redis/client` (or `redis`) 5 and 6: single, cluster and sentinel clients all have it. */
export interface NodeRedisClient {
  /** Left out by one that stands in for others: it may come back. */
  readonly isOpen?: boolean;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** What is used of `ioredis` 5 and 6: `Redis` and `Cluster`. */
export interface IoRedisClient {
  readonly status?: string;
  evalsha(sha1: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** A connected client. It is used, never opened, configured or closed. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** What is used of a second connection of `@redis/client`, to be woken when a turn moves on. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  unsubscribe(channel: string, listener: () => void): Promise<unknown>;
}

/** What is used of a second connection of `ioredis`; its `keyPrefix` must be that of the first. */
export interface IoRedisSubscriber {
  readonly options?: { readonly keyPrefix?: string | undefined };
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: "message", listener: (channel: string) => void): unknown;
}

export interface Evaluator {
  /** Its owner has closed it, or not opened it: it will not reconnect by itself. */
  isClosed(): boolean;
  bySha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
  bySource(source: string, keys: string[], args: string[]): Promise<unknown>;
}

/** Both clients under one roof. A script is all that the library ever sends. */
export function evaluator(client: RedisClient): Evaluator {
  if ("evalSha" in client) {
    return {
      isClosed: () => client.isOpen === false,
      bySha: (sha1, keys, args) => client.evalSha(sha1, { keys, arguments: args }),
      bySource: (source, keys, args) => client.eval(source, { keys, arguments: args }),
    };
  }
  if ("evalsha" in client) {
    return {
      isClosed: () => client.status === "end",
      bySha: (sha1, keys, args) => client.evalsha(sha1, keys.length, ...keys, ...args),
      bySource: (source, keys, args) => client.eval(source, keys.length, ...keys, ...args),
    };
  }
  throw new TypeError("client must be a client of @redis/client or ioredis");
}
