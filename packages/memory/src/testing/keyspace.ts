/** A sorted set. A score that changes moves its member. */
class SortedSet {
  readonly scores = new Map<string, number>();
  #sorted: (readonly [member: string, score: number])[] | undefined;

  set(member: string, score: number): void {
    this.scores.set(member, score);
    this.#sorted = undefined;
  }

  delete(member: string): boolean {
    this.#sorted = undefined;
    return this.scores.delete(member);
  }

  /** By score, and members of the same score by their bytes. */
  sorted(): readonly (readonly [member: string, score: number])[] {
    this.#sorted ??= [...this.scores].sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1));
    return this.#sorted;
  }
}

interface Types {
  string: { text: string };
  hash: Map<string, string>;
  list: string[];
  zset: SortedSet;
}

type TypeName = keyof Types;

interface Entry<T extends TypeName = TypeName> {
  readonly type: T;
  readonly value: Types[T];
  /** In ms since the Unix epoch. */
  expiresAt?: number;
}

const EMPTY: { readonly [T in TypeName]: () => Types[T] } = {
  string: () => ({ text: "" }),
  hash: () => new Map(),
  list: () => [],
  zset: () => new SortedSet(),
};

const LENGTH: { readonly [T in TypeName]: (value: Types[T]) => number } = {
  // An empty string is a key.
  string: ({ text }) => text.length + 1,
  hash: (hash) => hash.size,
  list: (list) => list.length,
  zset: (set) => set.scores.size,
};

/** An error that Redis replies with. */
export class RedisError extends Error {
  readonly code: string;

  constructor(message: string, code = "ERR") {
    super(message);
    this.code = code;
  }
}

/**
 * The keys of a Redis with their values and TTLs. Every string in it has a character from 0 to 255 for each byte, so
 * that lengths, ranges and order are those of bytes.
 */
export class Keyspace {
  readonly #entries = new Map<string, Entry>();

  /** The entry of a key that has not expired. */
  entry(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAt === undefined || entry.expiresAt > Date.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** The value of a key. @throws RedisError if it has another type */
  get<T extends TypeName>(key: string, type: T): Types[T] | undefined {
    const entry = this.entry(key);
    if (entry === undefined) return undefined;
    if (entry.type !== type) {
      throw new RedisError("Operation against a key holding the wrong kind of value", "WRONGTYPE");
    }
    return entry.value as Types[T];
  }

  /** Changes the value of a key, which begins empty, and removes the key if it ends empty. */
  change<T extends TypeName, R>(key: string, type: T, change: (value: Types[T]) => R): R {
    const value = this.get(key, type) ?? EMPTY[type]();
    if (!this.#entries.has(key)) this.#entries.set(key, { type, value });
    try {
      return change(value);
    } finally {
      if (LENGTH[type](value) === 0) this.#entries.delete(key);
    }
  }

  delete(key: string): boolean {
    return this.entry(key) !== undefined && this.#entries.delete(key);
  }

  /** Moves a value, with its TTL, over what the new key held. */
  rename(from: string, to: string): void {
    const entry = this.entry(from);
    if (entry === undefined) throw new RedisError("no such key");
    this.#entries.delete(from);
    this.#entries.set(to, entry);
  }

  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.entry(key) !== undefined);
  }

  clear(): void {
    this.#entries.clear();
  }
}
