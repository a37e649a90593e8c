import type { IoRedisSubscriber, NodeRedisSubscriber } from "./client.ts";

/** A second connection, for being woken. */
export type Subscriber = NodeRedisSubscriber | IoRedisSubscriber;

interface Channel {
  readonly listeners: Set<() => void>;
  readonly wake: () => void;
}

// Of the connection, not of the instance: a server has an instance for each owner.
const known = new WeakMap<Subscriber, Subscriptions>();

/** Calls listeners whenever something is published on their channel, through either client. */
export class Subscriptions {
  /** The same for the same connection. */
  static of(subscriber: Subscriber): Subscriptions {
    const subscriptions = known.get(subscriber) ?? new Subscriptions(subscriber);
    known.set(subscriber, subscriptions);
    return subscriptions;
  }

  readonly #subscribe: (channel: string, wake: () => void) => Promise<unknown>;
  readonly #unsubscribe: (channel: string, wake: () => void) => Promise<unknown>;
  readonly #channels = new Map<string, Channel>();

  private constructor(subscriber: Subscriber) {
    if (isIoRedis(subscriber)) {
      // A channel has a key's name, and to keys ioredis adds this by itself.
      const prefix = subscriber.options?.keyPrefix ?? "";
      subscriber.on("message", (channel) => this.#channels.get(channel.slice(prefix.length))?.wake());
      this.#subscribe = (channel) => subscriber.subscribe(prefix + channel);
      this.#unsubscribe = (channel) => subscriber.unsubscribe(prefix + channel);
    } else {
      this.#subscribe = (channel, wake) => subscriber.subscribe(channel, wake);
      this.#unsubscribe = (channel, wake) => subscriber.unsubscribe(channel, wake);
    }
  }

  /**
   * Calls the listener once too when the subscription holds: something may have been published before.
   * Failing to subscribe is no error: followers also poll, so a missed notification only adds delay.
   */
  add(channel: string, listener: () => void): void {
    const there = this.#channels.get(channel);
    if (there) {
      there.listeners.add(listener);
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
    const there = this.#channels.get(channel);
    if (!there?.listeners.delete(listener) || there.listeners.size > 0) return;
    this.#channels.delete(channel);
    this.#unsubscribe(channel, there.wake).catch(() => {});
  }
}

const isIoRedis = (subscriber: Subscriber): subscriber is IoRedisSubscriber =>
  "on" in subscriber && !("evalSha" in subscriber);
