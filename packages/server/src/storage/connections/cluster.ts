import { createCluster } from "@redis/client";
import type { RedisConfig } from "../../config/redis.ts";
import { COMMAND_OPTIONS, clientOptions, nameConnection, REDIS_TIMEOUT_MS } from "./client-options.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import { openClient } from "./single.ts";
import { ResubscribingSubscriber } from "./swappable.ts";
import { watchConnection } from "./watch-connection.ts";

const LOOK_EVERY_MS = 1000;

type Cluster = ReturnType<typeof newCluster>;
type Master = Cluster["masters"][number];

/** All masters of a Cluster. The slots are discovered again when a master is away or a slot has moved. */
export function connectCluster(config: RedisConfig, events: ConnectionEvents): Connection {
  const cluster = newCluster(config);
  cluster.on("error", events.onAway);
  cluster.on("node-error", events.onAway);
  const subscriber = new ResubscribingSubscriber();
  const masters = new Masters(cluster, events);
  let listening: ReturnType<typeof listenAt> | undefined;

  function listenAt(master: Master) {
    const opened = openClient(master, config, {
      onAway: () => {},
      onReady: () => subscriber.use(opened.client),
    });
    return { ...opened, address: master.address, since: performance.now() };
  }

  /** A publication reaches every node, so one live node is enough to subscribe to. */
  const listen = (): void => {
    const early = listening !== undefined && performance.now() - listening.since < REDIS_TIMEOUT_MS;
    if (listening?.client.isReady ? masters.has(listening.address) : early) return;
    const ready = cluster.masters.filter((master) => master.client?.isReady);
    const next = ready[Math.floor(Math.random() * ready.length)];
    if (next === undefined) return;
    listening?.close();
    listening = listenAt(next);
  };

  let connecting = false;
  const look = (): void => {
    if (cluster.isReady) {
      masters.look();
      listen();
    } else if (!connecting) {
      connecting = true;
      cluster
        .connect()
        .then(look, events.onAway)
        .finally(() => {
          connecting = false;
        });
    }
  };
  // Subscribes to another node soon.
  cluster.on("node-ready", look);
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    client: cluster,
    subscriber,
    isReady: () => cluster.masters.some((master) => master.client?.isReady),
    close: () => {
      clearInterval(timer);
      masters.close();
      listening?.close();
      cluster.destroy();
    },
  };
}

function newCluster({ nodes, username, password, tls }: RedisConfig) {
  return createCluster({
    rootNodes: nodes.map(({ host, port }) => ({ socket: { host, port } })),
    defaults: clientOptions({ username, password, tls }),
    commandOptions: COMMAND_OPTIONS,
    // Otherwise the client waits for each master that it learns of, even one that has just died, and with it waits
    // every command that needs to learn where a slot has moved.
    minimizeConnections: true,
    // `Masters` does it, and also for one that was away from the beginning.
    topologyRefreshOnReconnectionAttemptStrategy: false,
  });
}

/** Keeps a connection to each master, and discovers the Cluster again while one of them is away. */
class Masters {
  readonly #cluster: Cluster;
  readonly #events: ConnectionEvents;
  readonly #watches = new Map<NonNullable<Master["client"]>, { stop(): void }>();

  constructor(cluster: Cluster, events: ConnectionEvents) {
    this.#cluster = cluster;
    this.#events = events;
  }

  has(address: string): boolean {
    return this.#cluster.masters.some((master) => master.address === address);
  }

  look(): void {
    const { masters } = this.#cluster;
    // While a Cluster is being created a slot has no master, and the client does not ask again by itself.
    const slots: readonly unknown[] = this.#cluster.slots;
    for (const master of masters) this.#lookAt(master);
    this.#forgetOthers();
    if (!slots.includes(undefined) && masters.every((master) => master.client?.isReady)) {
      this.#events.onReady();
    } else {
      // An internal of @redis/client 6.3.1 (the version is pinned): it has no public way to refresh the topology.
      this.#cluster._slots.rediscover().catch(this.#events.onAway);
    }
  }

  close(): void {
    for (const { stop } of this.#watches.values()) stop();
  }

  #lookAt(master: Master): void {
    if (master.client === undefined) this.#cluster.nodeClient(master).catch(() => {});
    const { client } = master;
    if (client === undefined) return;
    if (!this.#watches.has(client)) {
      const watch = watchConnection(client, REDIS_TIMEOUT_MS, () =>
        this.#events.onAway(new Error(`${master.address} does not answer`)),
      );
      this.#watches.set(client, watch);
      nameConnection(client);
    } else {
      // Commands wait for a first connection, and one to a dead master never opens: from now on they fail at once.
      // Also an internal of @redis/client 6.3.1: it has no public way to give a first connection up.
      delete master.connectPromise;
    }
  }

  #forgetOthers(): void {
    const current = new Set(this.#cluster.masters.map(({ client }) => client));
    for (const [client, { stop }] of this.#watches) {
      if (current.has(client)) continue;
      stop();
      this.#watches.delete(client);
    }
  }
}
