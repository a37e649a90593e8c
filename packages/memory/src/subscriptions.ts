import type { IoRedisSubscriber, NodeRedisSubscriber } from "./client.ts";

/** A second connection, for being woken. */
export type Subscriber = NodeRedisSubscriber | IoRedisSubscriber;

interface Channel {
  readonly listeners: Set<() => void>;
  readonly wake: () => void;
}

/** Calls listeners whenever something is published on their channel, through either client. */
export class Subscriptions {
  readonly #subscribe: (channel: string, wake: () => void) => Promise<unknown>;
  readonly #unsubscribe: (channel: string, wake: () => void) => Promise<unknown>;
  readonly #channels = new Map<string, Channel>();

  constructor(subscriber: Subscriber) {
    if (isIoRedis(subscriber)) {
      subscriber.on("message", (channel) => this.#channels.get(channel)?.wake());
      this.#subscribe = (channel) => subscriber.subscribe(channel);
      this.#unsubscribe = (channel) => subscriber.unsubscribe(channel);
    } else {
      this.#subscribe = (channel, wake) => subscriber.subscribe(channel, wake);
      this.#unsubscribe = (channel, wake) => subscriber.unsubscribe(channel, wake);
    }
  }

  /**
   * Calls the listener once too when the subscription holds: something may have been published before.
   * Failing to subscribe is no error: who is not woken looks by himself.
   */
  add(channel: string, listener: () => void): void {
    const known = this.#channels.get(channel);
    if (known) {
      known.listeners.add(listener);
      return;
    }
    const listeners = new Set([listener]);
    const wake = (): void => {
      for (const wakeOne of listeners) wakeOne();
    };
    this.#channels.set(channel, { listeners, wake });
    this.#subscribe(channel, wake).then(wake, () => {});
  }

  remove(channel: string, listener: () => void): void {
    const known = this.#channels.get(channel);
    if (!known?.listeners.delete(listener) || known.listeners.size > 0) return;
    this.#channels.delete(channel);
    this.#unsubscribe(channel, known.wake).catch(() => {});
  }
}

const isIoRedis = (subscriber: Subscriber): subscriber is IoRedisSubscriber =>
  "on" in subscriber && !("evalSha" in subscriber);
