import type { IoRedisSubscriber, NodeRedisSubscriber } from "./client.ts";

/** A second connection, for being woken. */
export type Subscriber = NodeRedisSubscriber | IoRedisSubscriber;

/** Calls a listener whenever something is published on a channel, through either client. */
export class Subscriptions {
  readonly #subscriber: Subscriber;
  readonly #listeners = new Map<string, () => void>();

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber;
    if ("on" in subscriber && !("evalSha" in subscriber)) {
      subscriber.on("message", (channel) => this.#listeners.get(channel)?.());
    }
  }

  /** One listener a channel. Failing to subscribe is no error: who is not woken looks by himself. */
  add(channel: string, listener: () => void): void {
    this.#listeners.set(channel, listener);
    this.#subscriber.subscribe(channel, listener).catch(() => {});
  }

  remove(channel: string): void {
    const listener = this.#listeners.get(channel);
    if (listener === undefined) return;
    this.#listeners.delete(channel);
    this.#subscriber.unsubscribe(channel, listener).catch(() => {});
  }
}
