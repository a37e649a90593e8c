// Some 100 sessions of 5,000 messages.
const MAX_BYTES = 64 * 1024 * 1024;
/** What an index takes beside its content. */
const OVERHEAD_BYTES = 500;

/** What was read of the sessions that were searched last, by the name of a key. */
export class IndexCache<Index extends { readonly bytes: number }> {
  readonly #indexes = new Map<string, { readonly index: Index; bytes: number }>();
  #bytes = 0;

  get(key: string): Index | undefined {
    return this.#indexes.get(key)?.index;
  }

  /** Keeps an index that is not empty, also after it has grown, and forgets those that were used longest ago. */
  keep(key: string, index: Index): void {
    this.forget(key);
    if (index.bytes === 0) return;
    const bytes = index.bytes + OVERHEAD_BYTES + 2 * key.length;
    this.#indexes.set(key, { index, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#indexes.keys()) {
      if (this.#bytes <= MAX_BYTES) break;
      this.forget(oldest);
    }
  }

  forget(key: string): void {
    this.#bytes -= this.#indexes.get(key)?.bytes ?? 0;
    this.#indexes.delete(key);
  }
}

/** Makes one thing for each client, which all histories of the client share: a server has one for each owner. */
export function onePerClient<Thing>(make: () => Thing): (client: object) => Thing {
  const things = new WeakMap<object, Thing>();
  return (client) => {
    const thing = things.get(client) ?? make();
    things.set(client, thing);
    return thing;
  };
}
