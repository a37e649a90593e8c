/**
 * Keeps values that are added for a short time. Not in a Set, which would keep those that were removed:
 * docs/decisions/0015-no-map-for-what-ends-soon.md.
 */
export class ShortLived<Value> {
  readonly #values: Record<number, Value> = {};
  #added = 0;

  /** Returns a function that removes the value. */
  add(value: Value): () => void {
    const number = this.#added++;
    this.#values[number] = value;
    return () => {
      delete this.#values[number];
    };
  }

  all(): Value[] {
    return Object.values(this.#values);
  }
}
