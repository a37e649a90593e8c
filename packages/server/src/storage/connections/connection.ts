import type { createClient, RESP_TYPES } from "@redis/client";
import type { NodeRedisSubscriber } from "@redis-memory-magic/memory";
import type { RedisConfig } from "../../config/redis.ts";
import type { Nodes } from "../nodes.ts";

type NodeClient = ReturnType<typeof createClient>;

/** What is asked of Redis, whichever its topology. A command fails at once while its server is away. */
export interface RedisCommands
  extends Pick<
    NodeClient,
    "eval" | "evalSha" | "get" | "getEx" | "getDel" | "set" | "del" | "unlink" | "zRem"
  > {
  /** For replies that are bytes, not text. */
  withTypeMapping(mapping: { readonly [RESP_TYPES.BLOB_STRING]: BufferConstructor }): {
    eval(script: string, options: { keys: string[] }): Promise<unknown>;
  };
}

/** A Redis of one topology, connected to for as long as it takes, and followed wherever it goes. */
export interface Connection {
  readonly client: RedisCommands & Nodes;
  /** Another connection, for being woken. */
  readonly subscriber: NodeRedisSubscriber;
  /** Whether there is somebody to answer: at a Cluster, one master at least. */
  isReady(): boolean;
  close(): void;
}

/** What is heard of a connection. Each may be told again and again. */
export interface ConnectionEvents {
  /** It cannot be used, in part or at all. */
  onAway(reason: Error): void;
  /** All of it can be used. */
  onReady(): void;
}

export type Connect = (config: RedisConfig, events: ConnectionEvents) => Connection;
