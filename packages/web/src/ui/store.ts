/**
 * A value that React watches with `useSyncExternalStore(store.subscribe, store.get)`. `schedule` says when its
 * listeners hear of a change: at once, or, for what changes faster than the screen, once a frame (`onNextFrame`).
 */
export class Store<Value extends object> {
  #value: Value;
  #isNews = false;
  readonly #schedule: (notify: () => void) => void;
  readonly #listeners = new Set<() => void>();

  constructor(value: Value, schedule: (notify: () => void) => void = (notify) => notify()) {
    this.#value = value;
    this.#schedule = schedule;
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
    this.#schedule(() => {
      this.#isNews = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
