import { randomBytes } from "node:crypto";
import { createClient } from "@redis/client";
import { Redis } from "ioredis";
import type { RedisClient, Subscriber } from "../src/index.ts";

/** The Redis of the tests; its absence is a failure. */
export function testRedisUrl(): string {
  const url = process.env.TEST_REDIS_URL;
  if (!url)
    throw new Error("TEST_REDIS_URL is not set: run the tests with `npm test`, or name a Redis to test on.");
  return url;
}

export interface Connection {
  readonly client: RedisClient;
  readonly subscriber: Subscriber;
  /** Any command, for looking behind the scenes. */
  command(...args: string[]): Promise<unknown>;
  close(): Promise<void>;
}

export async function connectNodeRedis(url = testRedisUrl()): Promise<Connection> {
  const client = createClient({ url });
  const subscriber = client.duplicate();
  for (const one of [client, subscriber]) {
    one.on("error", () => {});
    await one.connect();
  }
  return {
    client,
    subscriber,
    command: (...args) => client.sendCommand(args),
    close: async () => {
      client.destroy();
      subscriber.destroy();
    },
  };
}

export async function connectIoRedis(url = testRedisUrl()): Promise<Connection> {
  const client = new Redis(url, { lazyConnect: true });
  const subscriber = client.duplicate();
  // One instance a test listens on it, where a product has one for all.
  subscriber.setMaxListeners(0);
  for (const one of [client, subscriber]) {
    one.on("error", () => {});
    await one.connect();
  }
  return {
    client,
    subscriber,
    command: (command, ...args) => client.call(command as string, ...args),
    close: async () => {
      client.disconnect();
      subscriber.disconnect();
    },
  };
}

export const CLIENTS = { "@redis/client": connectNodeRedis, ioredis: connectIoRedis };

/** A name of its own for each test: what its keys begin with. */
export const uniqueName = (): string => `test:${randomBytes(6).toString("hex")}`;

export async function keysOf(connection: Connection, name: string): Promise<string[]> {
  return ((await connection.command("KEYS", `${name}:*`)) as string[]).sort();
}

export async function removeKeys(connection: Connection, name: string): Promise<void> {
  const keys = await keysOf(connection, name);
  if (keys.length > 0) await connection.command("DEL", ...keys);
}
