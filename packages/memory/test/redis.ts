import { randomBytes } from "node:crypto";
import { createCluster, createSentinel } from "@redis/client";
import { Cluster, Redis } from "ioredis";
import type { RedisClient, Subscriber } from "../src/index.ts";
import { createMemoryClient, type MemoryClient } from "../src/testing/index.ts";
import { newClient } from "./new-client.ts";
import { MASTER_NAME } from "./sentinel.ts";
import { givenServers, startServer } from "./servers.ts";

/** The Redis of the tests; its absence is a failure. */
export function testRedisUrl(): string {
  const url = process.env.TEST_REDIS_URL;
  if (!url)
    throw new Error("TEST_REDIS_URL is not set: run the tests with `npm test`, or name a Redis to test on.");
  return url;
}

/**
 * True with TEST_REDIS_URL=memory: — then the tests run on the in-memory client. It has no users, and its clock is that
 * of this process.
 */
export const IS_IN_MEMORY = process.env.TEST_REDIS_URL === "memory:";

export interface Connection {
  readonly client: RedisClient;
  readonly subscriber: Subscriber;
  /** Any command, for looking behind the scenes. */
  command(...args: string[]): Promise<unknown>;
  close(): Promise<void>;
}

/** As whom to connect; by default as the user that everyone is. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

export type Connect = (login?: Login) => Promise<Connection>;

/** A Redis that the matrix has started. */
export interface Target {
  /** Its version, topology and client. */
  readonly name: string;
  readonly client: "@redis/client" | "ioredis";
  readonly kind: "single" | "cluster" | "sentinel";
  /** Of the server, the cluster's masters, or the sentinels. */
  readonly ports: readonly number[];
  /** The server's program, for a test that stops servers. */
  readonly binary: string;
}

export async function connectNodeRedis(url = testRedisUrl(), login?: Login): Promise<Connection> {
  if (url === "memory:") return connectMemoryClient();
  const client = newClient({ url, ...login });
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

let memoryClient: Promise<MemoryClient> | undefined;

/** Connections to the same Redis have the same keys. */
async function connectMemoryClient(): Promise<Connection> {
  memoryClient ??= createMemoryClient();
  const client = (await memoryClient).duplicate();
  return {
    client,
    subscriber: client,
    command: (...args) => client.sendCommand(args),
    close: async () => client.destroy(),
  };
}

export async function connectIoRedis(url = testRedisUrl(), login?: Login): Promise<Connection> {
  if (url === "memory:") return connectMemoryClient();
  return ofIoRedis(new Redis(url, { ...login, ...IOREDIS }));
}

// Sent again after a broken connection, a command could be done twice.
const IOREDIS = { lazyConnect: true, autoResendUnfulfilledCommands: false } as const;

async function ofIoRedis(client: Redis): Promise<Connection> {
  const subscriber = client.duplicate();
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

// What is not about one key is asked of every node.
const OF_ALL_NODES = ["KEYS", "ACL", "PUBSUB"];

/** The answers of all nodes as one: lists of keys together, numbers of subscribers added up. */
function together(command: string | undefined, answers: readonly unknown[]): unknown {
  if (command === "KEYS") return answers.flat();
  if (command !== "PUBSUB") return answers[0];
  return answers.reduce((all, answer) =>
    (all as unknown[]).map((value, n) =>
      typeof value === "number" ? value + Number((answer as unknown[])[n]) : value,
    ),
  );
}

async function connectNodeRedisCluster(ports: readonly number[], login?: Login): Promise<Connection> {
  const cluster = createCluster({
    rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
    ...(login && { defaults: login }),
  });
  cluster.on("error", () => {});
  await cluster.connect();
  return {
    client: cluster,
    // It has a connection of its own for this.
    subscriber: cluster,
    command: async (...args) => {
      const [command, key] = args;
      if (!OF_ALL_NODES.includes(`${command}`)) return cluster.sendCommand(key, false, args);
      const nodes = await Promise.all(cluster.masters.map((node) => cluster.nodeClient(node)));
      return together(command, await Promise.all(nodes.map((node) => node.sendCommand(args))));
    },
    close: async () => cluster.destroy(),
  };
}

async function connectIoRedisCluster(ports: readonly number[], login?: Login): Promise<Connection> {
  const nodes = ports.map((port) => ({ host: "127.0.0.1", port }));
  const cluster = new Cluster(nodes, {
    lazyConnect: true,
    redisOptions: { ...login, autoResendUnfulfilledCommands: false },
  });
  const subscriber = cluster.duplicate();
  for (const one of [cluster, subscriber]) {
    one.on("error", () => {});
    await one.connect();
  }
  return {
    client: cluster,
    subscriber,
    command: async (command, ...args) => {
      if (!OF_ALL_NODES.includes(`${command}`)) return cluster.call(command as string, ...args);
      const answers = cluster.nodes("master").map((node) => node.call(command as string, ...args));
      return together(command, await Promise.all(answers));
    },
    close: async () => {
      cluster.disconnect();
      subscriber.disconnect();
    },
  };
}

async function connectNodeRedisSentinel(ports: readonly number[], login?: Login): Promise<Connection> {
  const sentinel = createSentinel({
    name: MASTER_NAME,
    sentinelRootNodes: ports.map((port) => ({ host: "127.0.0.1", port })),
    ...(login && { nodeClientOptions: login }),
    scanInterval: 500,
    passthroughClientErrorEvents: true,
  });
  sentinel.on("error", () => {});
  await sentinel.connect();
  return {
    client: sentinel,
    // It has a connection of its own for this.
    subscriber: sentinel,
    command: (...args) => sentinel.sendCommand(false, args),
    close: async () => sentinel.destroy(),
  };
}

const connectIoRedisSentinel = (ports: readonly number[], login?: Login): Promise<Connection> =>
  ofIoRedis(
    new Redis({
      sentinels: ports.map((port) => ({ host: "127.0.0.1", port })),
      name: MASTER_NAME,
      ...login,
      ...IOREDIS,
    }),
  );

const CONNECT = {
  "@redis/client": {
    single: ([port]: readonly number[], login?: Login) =>
      connectNodeRedis(`redis://127.0.0.1:${port}`, login),
    cluster: connectNodeRedisCluster,
    sentinel: connectNodeRedisSentinel,
  },
  ioredis: {
    single: ([port]: readonly number[], login?: Login) => connectIoRedis(`redis://127.0.0.1:${port}`, login),
    cluster: connectIoRedisCluster,
    sentinel: connectIoRedisSentinel,
  },
};

export const connectTo = (
  { client, kind, ports }: Omit<Target, "name" | "binary">,
  login?: Login,
): Promise<Connection> => CONNECT[client][kind](ports, login);

/**
 * What each contract suite runs on: the Redis of TEST_REDIS_URL through both clients, and a server of each
 * binary in TEST_REDIS_SERVERS. In `npm run test:matrix`, its targets instead.
 */
export const CLIENTS: Record<string, Connect> = contractClients();

function contractClients(): Record<string, Connect> {
  if (process.env.TEST_REDIS_TARGETS !== undefined)
    return Object.fromEntries(
      matrixTargets().map(([name, target]) => [name, (login) => connectTo(target, login)]),
    );
  if (IS_IN_MEMORY) return { "the in-memory client": connectMemoryClient };
  const clients: Record<string, Connect> = {
    "@redis/client": (login) => connectNodeRedis(testRedisUrl(), login),
    ioredis: (login) => connectIoRedis(testRedisUrl(), login),
  };
  for (const { name, path } of givenServers()) clients[`@redis/client on ${name}`] = ownServer(path);
  return clients;
}

/** The targets that `npm run test:matrix` has started, each with its name. */
export function matrixTargets(kind?: Target["kind"]): [string, Target][] {
  const targets = JSON.parse(process.env.TEST_REDIS_TARGETS ?? "[]") as Target[];
  return targets
    .filter((target) => kind === undefined || target.kind === kind)
    .map((target) => [target.name, target]);
}

/** The first connection brings a server up, the last one to be closed takes it down. */
function ownServer(path: string): Connect {
  let server: ReturnType<typeof startServer> | undefined;
  let users = 0;
  return async (login) => {
    users++;
    server ??= startServer(path);
    const connection = await connectNodeRedis((await server).url, login);
    return {
      ...connection,
      close: async () => {
        await connection.close();
        if (--users > 0) return;
        await (await server)?.stop();
        server = undefined;
      },
    };
  };
}

/** A name of its own for each test: what its keys begin with. */
export const uniqueName = (): string => `test:${randomBytes(6).toString("hex")}`;

export async function keysOf(connection: Connection, name: string): Promise<string[]> {
  return ((await connection.command("KEYS", `${name}:*`)) as string[]).sort();
}

export async function removeKeys(connection: Connection, name: string): Promise<void> {
  // One by one: on a cluster they lie in several slots.
  await Promise.all((await keysOf(connection, name)).map((key) => connection.command("DEL", key)));
}
