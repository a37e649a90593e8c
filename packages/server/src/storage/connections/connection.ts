import type { createClient, RESP_TYPES } from "@redis/client";
import type { NodeRedisSubscriber } from "@redis-memory-magic/memory";
import type { RedisConfig } from "../../config/redis.ts";
import type { Nodes } from "../nodes.ts";

type NodeClient = ReturnType<typeof createClient>;

/** A Redis client of any topology. A command fails at once while its server is away. */
export interface RedisCommands
  extends Pick<
    NodeClient,
    "eval" | "evalSha" | "get" | "getEx" | "getDel" | "set" | "del" | "unlink" | "zRem"
  > {
  /** For replies of bytes instead of text. */
  withTypeMapping(mapping: { readonly [RESP_TYPES.BLOB_STRING]: BufferConstructor }): {
    eval(script: string, options: { keys: string[] }): Promise<unknown>;
  };
}

/** A connection to a Redis of one topology, which is reopened and follows a new master. */
export interface Connection {
  readonly client: RedisCommands & Nodes;
  /** Another connection, for subscriptions. */
  readonly subscriber: NodeRedisSubscriber;
  /** True if a server is connected: on a Cluster at least one master. */
  isReady(): boolean;
  close(): void;
}

/** Called with the state of a connection, possibly repeatedly. */
export interface ConnectionEvents {
  /** The connection cannot be used, in part or at all. */
  onAway(reason: Error): void;
  /** The whole connection can be used. */
  onReady(): void;
}

export type Connect = (config: RedisConfig, events: ConnectionEvents) => Connection;
