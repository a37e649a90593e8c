import { type Keyspace, RedisError } from "./keyspace.ts";

/** A reply of Redis; strings have a character for each byte. */
export type CommandReply = null | number | string | { readonly ok: string } | CommandReply[];

type Command = (keys: Keyspace, ...args: string[]) => CommandReply;

const OK = { ok: "OK" };

function integer(text: string | undefined, what = "value is not an integer or out of range"): number {
  if (!/^-?\d{1,16}$/.test(text ?? "")) throw new RedisError(what);
  return Number(text);
}

/** The part of a range, whose ends count from behind if they are negative and are included. */
function slice<T extends { length: number; slice(from: number, to: number): T }>(
  whole: T,
  from: string | undefined,
  to: string | undefined,
): T {
  const [first, last] = [from, to].map((end) => {
    const index = integer(end);
    return index < 0 ? whole.length + index : index;
  });
  return whole.slice(Math.max(0, first ?? 0), Math.max(0, (last ?? 0) + 1));
}

function pairs(args: readonly string[]): [string, string][] {
  if (args.length === 0 || args.length % 2 === 1) throw new RedisError("wrong number of arguments");
  return args.flatMap((arg, n) => (n % 2 === 0 ? [[arg, args[n + 1] ?? ""] as [string, string]] : []));
}

/** Sets when a key expires. One that has expired by then is removed. */
function expire(keys: Keyspace, key: string, ms: number): number {
  const entry = keys.entry(key);
  if (entry === undefined) return 0;
  entry.expiresAt = Date.now() + ms;
  if (ms <= 0) keys.delete(key);
  return 1;
}

function ttl(keys: Keyspace, key: string): number {
  const entry = keys.entry(key);
  if (entry === undefined) return -2;
  return entry.expiresAt === undefined ? -1 : entry.expiresAt - Date.now();
}

type Bound = (score: number) => boolean;

const float = (text: string, what = "min or max is not a float"): number => {
  const number = text === "+inf" ? Infinity : text === "-inf" ? -Infinity : Number(text || Number.NaN);
  if (Number.isNaN(number)) throw new RedisError(what);
  return number;
};
const min = (text: string): Bound => {
  const end = float(text.replace("(", ""));
  return text.startsWith("(") ? (score) => score > end : (score) => score >= end;
};
const max = (text: string): Bound => {
  const end = float(text.replace("(", ""));
  return text.startsWith("(") ? (score) => score < end : (score) => score <= end;
};

type MemberBound = (member: string) => boolean;

/** One end of a range of members: `-`, `+`, `[member` or `(member`. `sign`: 1 if it is the lower end. */
function memberBound(text: string, sign: 1 | -1): MemberBound {
  if (text === "-" || text === "+") return () => (text === "-") === (sign === 1);
  const end = text.slice(1);
  if (!/^[[(]/.test(text)) throw new RedisError("min or max not valid string range item");
  return (member) => (member === end ? text.startsWith("[") : member > end === (sign === 1));
}

/** What the options `WITHSCORES` and `LIMIT offset count` leave of members. */
function limited(found: readonly (readonly [string, number])[], options: readonly string[]): string[] {
  const names = options.map((option) => option.toUpperCase());
  const limit = names.indexOf("LIMIT");
  const offset = limit < 0 ? 0 : integer(options[limit + 1]);
  const count = limit < 0 ? -1 : integer(options[limit + 2]);
  const shown = found.slice(offset, count < 0 ? undefined : offset + count);
  return shown.flatMap(([member, score]) =>
    names.includes("WITHSCORES") ? [member, String(score)] : [member],
  );
}

const sorted = (keys: Keyspace, key: string) => keys.get(key, "zset")?.sorted() ?? [];

const byScore = (keys: Keyspace, key: string, low: string, high: string) => {
  const [isAbove, isBelow] = [min(low), max(high)];
  return sorted(keys, key).filter(([, score]) => isAbove(score) && isBelow(score));
};

const byMember = (keys: Keyspace, key: string, low: string, high: string) => {
  const [isAbove, isBelow] = [memberBound(low, 1), memberBound(high, -1)];
  return sorted(keys, key).filter(([member]) => isAbove(member) && isBelow(member));
};

/** The keys that match a pattern in which `*` and `?` stand for others, and `\` takes that from them. */
function matching(keys: Keyspace, pattern: string): string[] {
  const source = pattern.replace(/\\?./gs, (piece) => {
    if (piece === "*") return ".*";
    if (piece === "?") return ".";
    return piece.slice(-1).replace(/\W/, "\\$&");
  });
  const expression = new RegExp(`^${source}$`, "s");
  return keys.keys().filter((key) => expression.test(key));
}

const push =
  (add: (list: string[], values: readonly string[]) => void): Command =>
  (keys, key = "", ...values) =>
    keys.change(key, "list", (list) => {
      add(list, values);
      return list.length;
    });

const remove: Command = (keys, ...names) => names.filter((key) => keys.delete(key)).length;

/** Removes fields or members. */
const removeFrom =
  (type: "hash" | "zset"): Command =>
  (keys, key = "", ...names) =>
    keys.change(key, type, (value) => names.filter((name) => value.delete(name)).length);

/** The commands that the library's scripts call, and those with which a test looks at what they wrote. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  DEL: remove,
  EXISTS: (keys, ...names) => names.filter((key) => keys.entry(key) !== undefined).length,
  EXPIRE: (keys, key = "", seconds) => expire(keys, key, integer(seconds) * 1000),
  FLUSHALL: (keys) => {
    keys.clear();
    return OK;
  },
  HVALS: (keys, key = "") => [...(keys.get(key, "hash")?.values() ?? [])],
  INFO: () => "cluster_enabled:0\r\n",
  KEYS: (keys, pattern = "*") => matching(keys, pattern),
  MEMORY: (keys, _usage, key = "") => {
    const entry = keys.entry(key);
    if (entry === undefined) return null;
    const { value } = entry;
    const texts = Array.isArray(value)
      ? value
      : "text" in value
        ? [value.text]
        : "scores" in value
          ? [...value.scores.keys()]
          : [...value].flat();
    // About what Redis takes: the entries of a list are packed closer than fields and members.
    const overhead = Array.isArray(value) ? 8 : 16;
    return texts.reduce((bytes, text) => bytes + text.length + overhead, key.length + 64);
  },
  PERSIST: (keys, key = "") => {
    const entry = keys.entry(key);
    if (entry?.expiresAt === undefined) return 0;
    delete entry.expiresAt;
    return 1;
  },
  PEXPIRE: (keys, key = "", ms) => expire(keys, key, integer(ms)),
  PTTL: (keys, key = "") => ttl(keys, key),
  RENAME: (keys, from = "", to = "") => {
    keys.rename(from, to);
    return OK;
  },
  // All of them at once, which Redis may do as well.
  SCAN: (keys, _cursor, ...options) => {
    const option = (name: string) => {
      const at = options.findIndex((one) => one.toUpperCase() === name);
      return at < 0 ? undefined : options[at + 1];
    };
    const type = option("TYPE");
    const found = matching(keys, option("MATCH") ?? "*");
    return ["0", found.filter((key) => type === undefined || keys.entry(key)?.type === type)];
  },
  TIME: () => [String(Math.floor(Date.now() / 1000)), String((Date.now() % 1000) * 1000)],
  TTL: (keys, key = "") => {
    const ms = ttl(keys, key);
    return ms < 0 ? ms : Math.round(ms / 1000);
  },
  TYPE: (keys, key = "") => ({ ok: keys.entry(key)?.type ?? "none" }),
  UNLINK: remove,

  APPEND: (keys, key = "", text = "") =>
    keys.change(key, "string", (value) => {
      value.text += text;
      return value.text.length;
    }),
  GET: (keys, key = "") => keys.get(key, "string")?.text ?? null,
  GETRANGE: (keys, key = "", from, to) => slice(keys.get(key, "string")?.text ?? "", from, to),
  SET: (keys, key = "", text = "") => {
    keys.delete(key);
    keys.change(key, "string", (value) => {
      value.text = text;
    });
    return OK;
  },
  STRLEN: (keys, key = "") => keys.get(key, "string")?.text.length ?? 0,

  HDEL: removeFrom("hash"),
  HEXISTS: (keys, key = "", field = "") => Number(keys.get(key, "hash")?.has(field) ?? false),
  HGET: (keys, key = "", field = "") => keys.get(key, "hash")?.get(field) ?? null,
  HGETALL: (keys, key = "") => [...(keys.get(key, "hash") ?? [])].flat(),
  HINCRBY: (keys, key = "", field = "", by) =>
    keys.change(key, "hash", (hash) => {
      const sum = integer(hash.get(field) ?? "0", "hash value is not an integer") + integer(by);
      hash.set(field, String(sum));
      return sum;
    }),
  HKEYS: (keys, key = "") => [...(keys.get(key, "hash")?.keys() ?? [])],
  HLEN: (keys, key = "") => keys.get(key, "hash")?.size ?? 0,
  HMGET: (keys, key = "", ...fields) => {
    const hash = keys.get(key, "hash");
    return fields.map((field) => hash?.get(field) ?? null);
  },
  HSCAN: (keys, key = "") => ["0", [...(keys.get(key, "hash") ?? [])].flat()],
  HSET: (keys, key = "", ...fields) => {
    const set = pairs(fields);
    return keys.change(key, "hash", (hash) => {
      const before = hash.size;
      for (const [field, value] of set) hash.set(field, value);
      return hash.size - before;
    });
  },
  HSETNX: (keys, key = "", field = "", value = "") =>
    keys.change(key, "hash", (hash) => {
      if (hash.has(field)) return 0;
      hash.set(field, value);
      return 1;
    }),

  LINDEX: (keys, key = "", index) => keys.get(key, "list")?.at(integer(index)) ?? null,
  LLEN: (keys, key = "") => keys.get(key, "list")?.length ?? 0,
  LPUSH: push((list, values) => list.unshift(...values.toReversed())),
  LRANGE: (keys, key = "", from, to) => slice(keys.get(key, "list") ?? [], from, to),
  LSET: (keys, key = "", at, value = "") => {
    const list = keys.get(key, "list");
    if (list === undefined) throw new RedisError("no such key");
    const index = integer(at) < 0 ? list.length + integer(at) : integer(at);
    if (list[index] === undefined) throw new RedisError("index out of range");
    list[index] = value;
    return OK;
  },
  RPUSH: push((list, values) => list.push(...values)),

  ZADD: (keys, key = "", ...scores) => {
    const added = pairs(scores).map(
      ([score, member]) => [member, float(score, "value is not a valid float")] as const,
    );
    return keys.change(key, "zset", (set) => {
      const before = set.scores.size;
      for (const [member, score] of added) set.set(member, score);
      return set.scores.size - before;
    });
  },
  ZCARD: (keys, key = "") => sorted(keys, key).length,
  ZCOUNT: (keys, key = "", low = "", high = "") => byScore(keys, key, low, high).length,
  ZRANGEBYLEX: (keys, key = "", low = "", high = "", ...options) =>
    limited(byMember(keys, key, low, high), options),
  ZRANGEBYSCORE: (keys, key = "", low = "", high = "", ...options) =>
    limited(byScore(keys, key, low, high), options),
  ZREM: removeFrom("zset"),
  ZREMRANGEBYSCORE: (keys, key = "", low = "", high = "") => {
    const gone = byScore(keys, key, low, high).map(([member]) => member);
    return keys.change(key, "zset", (set) => gone.filter((member) => set.delete(member)).length);
  },
  ZREVRANGEBYLEX: (keys, key = "", high = "", low = "", ...options) =>
    limited(byMember(keys, key, low, high).toReversed(), options),
  ZREVRANGEBYSCORE: (keys, key = "", high = "", low = "", ...options) =>
    limited(byScore(keys, key, low, high).toReversed(), options),
  ZSCORE: (keys, key = "", member = "") => {
    const score = keys.get(key, "zset")?.scores.get(member);
    return score === undefined ? null : String(score);
  },
};
