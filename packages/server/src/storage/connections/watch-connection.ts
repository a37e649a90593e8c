import { setDeadline } from "@redis-memory-magic/memory/internal";

const INTERVAL_MS = 1000;
const MAX_LOOKS_BETWEEN_RECONNECTS = 30;

/** The used subset of a Redis client. */
interface WatchedClient {
  readonly isReady: boolean;
  ping(): Promise<unknown>;
  destroy(): void;
  connect(): Promise<unknown>;
}

/**
 * Closes a connection that leaves a PING unanswered, and connects again: a connection can be dead without notice (a
 * cable, a moved machine, a firewall), and TCP takes a quarter of an hour to find out.
 */
export function watchConnection(
  client: WatchedClient,
  timeoutMs: number,
  onDead: () => void,
): { stop(): void } {
  let waiting = false;
  const look = async (): Promise<void> => {
    if (waiting || !client.isReady) return;
    waiting = true;
    // An error reply is an answer, too.
    const answered = client.ping().then(
      () => true,
      () => true,
    );
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setDeadline(() => resolve(false), timeoutMs);
    const isAlive = await Promise.race([answered, late]);
    clearTimeout(timer);
    if (!isAlive) {
      onDead();
      reconnect(client);
    }
    waiting = false;
  };
  const timer = setInterval(look, INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

/**
 * Calls back while the server is a replica. After a failover of a managed service the host name leads to the new master,
 * while the old one stays connected as a replica that refuses writes: only a new connection finds the new master. The
 * intervals grow up to 30 s, because a replica can also be what the user has configured.
 */
export function watchForReplica(
  client: { readonly isReady: boolean; info(section: string): Promise<string> },
  onReplica: () => void,
): { stop(): void } {
  let looks = 0;
  let next = 1;
  const look = async (): Promise<void> => {
    if (!client.isReady) return;
    const replication = await client.info("replication").catch(() => "");
    if (!/^role:(slave|replica)/m.test(replication)) {
      looks = 0;
      next = 1;
    } else if (++looks >= next) {
      next = looks + Math.min(looks, MAX_LOOKS_BETWEEN_RECONNECTS);
      onReplica();
    }
  };
  const timer = setInterval(look, INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

export function reconnect(client: WatchedClient): void {
  client.destroy();
  client.connect().catch(() => {});
}
