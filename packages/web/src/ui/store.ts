/**
 * A value for `useSyncExternalStore(store.subscribe, store.get)`. `schedule` decides when listeners are called:
 * at once, or once a frame (`onNextFrame`) for values that change faster than the screen.
 */
export class Store<Value extends object> {
  #value: Value;
  #isScheduled = false;
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
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
