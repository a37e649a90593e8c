import type { RedisAddress, RedisConfig } from "../../config/redis.ts";
import { withinDeadline } from "../within-deadline.ts";
import { clientOptions, newClient } from "./client-options.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import { openClient } from "./single.ts";
import { ResubscribingSubscriber, swappableClient } from "./swappable.ts";

const ASK_EVERY_MS = 1000;
// Less than the interval between two questions.
const ANSWER_MS = 900;

/**
 * Connects to the master that most sentinels name, and after a failover to the next one. For the rest of the server it
 * is one Redis whose address changes. Why not `createSentinel`: docs/decisions/0006-following-sentinels.md.
 */
export function connectSentinel(config: RedisConfig, events: ConnectionEvents): Connection {
  const { masterName = "" } = config;
  const sentinels = config.nodes.map((node) => new Sentinel(node, config, events));
  const subscriber = new ResubscribingSubscriber();
  // Before a master is known: a client that is not connected and fails each command.
  const disconnected = newClient({ disableOfflineQueue: true });
  let master = { address: "", client: disconnected, close: () => {} };
  let closed = false;

  const follow = (node: RedisAddress): void => {
    const { client, close } = openClient(node, config, events);
    const listening = openClient(node, config, {
      onAway: () => {},
      onReady: () => subscriber.use(listening.client),
    });
    master.close();
    master = {
      address: addressOf(node),
      client,
      close: () => {
        close();
        listening.close();
      },
    };
  };
  const look = async (): Promise<void> => {
    const node = mostNamed(await Promise.all(sentinels.map((sentinel) => sentinel.masterOf(masterName))));
    if (closed) return;
    if (node !== undefined && addressOf(node) !== master.address) follow(node);
    // Sentinels may be away while the master is connected: then nothing is wrong yet.
    if (master.client === disconnected)
      events.onAway(new Error(`no sentinel names a master "${masterName}"`));
  };
  const timer = setInterval(look, ASK_EVERY_MS);
  void look();
  return {
    client: swappableClient(() => master.client),
    subscriber,
    isReady: () => master.client.isReady,
    close: () => {
      closed = true;
      clearInterval(timer);
      for (const sentinel of sentinels) sentinel.close();
      master.close();
    },
  };
}

type Login = Pick<RedisConfig, "sentinelPassword" | "tls">;

class Sentinel {
  readonly #client: ReturnType<typeof newClient>;

  constructor({ host, port }: RedisAddress, { sentinelPassword, tls }: Login, events: ConnectionEvents) {
    const { socket, ...options } = clientOptions({ username: undefined, password: sentinelPassword, tls });
    this.#client = newClient({ ...options, socket: { ...socket, host, port } });
    this.#client.on("error", (error: Error) => {
      // A sentinel that is away is no problem while others answer; one that refuses the connection is.
      if (/NOAUTH|WRONGPASS/.test(error.message)) events.onAway(error);
    });
    this.#client.connect().catch(() => {});
  }

  /** Resolves with undefined if the sentinel does not know the master or does not answer. */
  async masterOf(name: string): Promise<RedisAddress | undefined> {
    const asked = this.#client.sendCommand<[host: string, port: string] | null>([
      "SENTINEL",
      "GET-MASTER-ADDR-BY-NAME",
      name,
    ]);
    const answer = await withinDeadline(asked, ANSWER_MS).catch(() => null);
    return answer === null ? undefined : { host: answer[0], port: Number(answer[1]) };
  }

  close(): void {
    this.#client.destroy();
  }
}

const addressOf = ({ host, port }: RedisAddress): string => `${host}:${port}`;

/** A sentinel that is cut off from the others may still name the former master. */
function mostNamed(answers: readonly (RedisAddress | undefined)[]): RedisAddress | undefined {
  const named = answers.filter((answer) => answer !== undefined);
  const votes = (node: RedisAddress): number =>
    named.filter((other) => addressOf(other) === addressOf(node)).length;
  return named.sort((a, b) => votes(b) - votes(a))[0];
}
