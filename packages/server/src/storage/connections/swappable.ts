import type { NodeRedisSubscriber } from "@redis-memory-magic/memory";

/** Stands for a client that is replaced when the server that it talks to is another one. */
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

/** Keeps its subscriptions when it goes on with another connection. */
export class ResubscribingSubscriber implements NodeRedisSubscriber {
  #subscriber: NodeRedisSubscriber | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Goes on with this one. Nothing is ended at the one before: it is closed. */
  use(subscriber: NodeRedisSubscriber): void {
    this.#subscriber = subscriber;
    for (const [channel, listeners] of this.#listeners) {
      for (const listener of listeners) {
        // Something may have been published in between.
        subscriber.subscribe(channel, listener).then(listener, () => {
          // Who is not woken looks by himself.
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
