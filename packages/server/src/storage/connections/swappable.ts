import type { NodeRedisSubscriber } from "@redis-memory-magic/memory";

/** A proxy for a client that is replaced when the server changes. */
export function swappableClient<Client extends object>(current: () => Client): Client {
  return new Proxy({} as Client, {
    get(_, name) {
      const client = current();
      const value = Reflect.get(client, name);
      return typeof value === "function" ? value.bind(client) : value;
    },
    has: (_, name) => name in current(),
  });
}

type Listener = () => void;

/** Keeps its subscriptions when the connection is replaced. */
export class ResubscribingSubscriber implements NodeRedisSubscriber {
  #subscriber: NodeRedisSubscriber | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Uses this connection from now on. The former one needs no unsubscribing: it is closed. */
  use(subscriber: NodeRedisSubscriber): void {
    this.#subscriber = subscriber;
    for (const [channel, listeners] of this.#listeners) {
      for (const listener of listeners) {
        // A message may have been published meanwhile.
        subscriber.subscribe(channel, listener).then(listener, () => {
          // A follower that is not woken checks by itself.
        });
      }
    }
  }

  async subscribe(channel: string, listener: Listener): Promise<void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    await this.#subscriber?.subscribe(channel, listener);
  }

  async unsubscribe(channel: string, listener: Listener): Promise<void> {
    const listeners = this.#listeners.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(channel);
    await this.#subscriber?.unsubscribe(channel, listener);
  }
}
