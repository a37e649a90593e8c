import type { RedisAddress, RedisConfig } from "../../config/redis.ts";
import {
  COMMAND_OPTIONS,
  clientOptions,
  nameConnection,
  newClient,
  REDIS_TIMEOUT_MS,
} from "./client-options.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import { reconnect, watchConnection, watchForReplica } from "./watch-connection.ts";

type Login = Pick<RedisConfig, "username" | "password" | "tls" | "database">;

/** Connects to one server, and connects again whenever the connection breaks. */
export function openClient({ host, port }: RedisAddress, login: Login, events: ConnectionEvents) {
  const { socket, ...options } = clientOptions(login);
  const client = newClient({
    ...options,
    database: login.database,
    commandOptions: COMMAND_OPTIONS,
    socket: { ...socket, host, port },
  });
  client.on("error", events.onAway);
  client.on("ready", events.onReady);
  nameConnection(client);
  client.connect().catch(() => {});
  const watch = watchConnection(client, REDIS_TIMEOUT_MS, () =>
    events.onAway(new Error("it does not answer")),
  );
  return {
    client,
    close: () => {
      watch.stop();
      client.destroy();
    },
  };
}

/** One server. */
export function connectSingle(config: RedisConfig, events: ConnectionEvents): Connection {
  const [node] = config.nodes as readonly [RedisAddress];
  const { client, close } = openClient(node, config, events);
  // The command client reports the errors of both.
  const subscriber = openClient(node, config, { onAway: () => {}, onReady: () => {} });
  const replicaWatch = watchForReplica(client, () => {
    reconnect(client);
    reconnect(subscriber.client);
  });
  return {
    client,
    subscriber: subscriber.client,
    isReady: () => client.isReady,
    close: () => {
      replicaWatch.stop();
      close();
      subscriber.close();
    },
  };
}
