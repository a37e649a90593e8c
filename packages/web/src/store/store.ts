import { onNextFrame } from "./next-frame.ts";

/**
 * A value that React watches with `useSyncExternalStore(store.subscribe, store.get)`. Listeners are called once
 * a frame: a stream that is faster than the screen costs one render a frame.
 */
export class Store<Value extends object> {
  #value: Value;
  #isNews = false;
  readonly #listeners = new Set<() => void>();

  constructor(value: Value) {
    this.#value = value;
  }

  readonly get = (): Value => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  update(change: Partial<Value>): void {
    this.#value = { ...this.#value, ...change };
    if (this.#isNews) return;
    this.#isNews = true;
    onNextFrame(() => {
      this.#isNews = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
