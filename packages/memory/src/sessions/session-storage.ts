import type { Reply } from "../redis/script-runner.ts";

/** One of a session's keys in Redis. */
export interface StoredKey {
  readonly name: string;
  /** As `TYPE` returns it: `list`, `hash` or `string`. */
  readonly type: string;
  /** Messages of a list, fields of a hash, bytes of a string. */
  readonly entries: number;
  /** Memory that it takes, its name and what Redis needs for it included; estimated from a few of its entries. */
  readonly bytes: number;
  readonly ttlSeconds: number;
}

/** What a session takes in Redis. */
export interface SessionStorage {
  readonly keys: readonly StoredKey[];
  readonly expiresAt: Date;
}

/** Of what the script `STORAGE` returns; null for a session that is not there. */
export function decodeStorage(reply: Reply): SessionStorage | null {
  if (reply[0] === "unknown") return null;
  const [, now, left, ...fields] = reply;
  const keys: StoredKey[] = [];
  for (let i = 0; i < fields.length; i += 5) {
    keys.push({
      name: String(fields[i]),
      type: String(fields[i + 1]),
      entries: Number(fields[i + 2]),
      bytes: Number(fields[i + 3]),
      ttlSeconds: Number(fields[i + 4]),
    });
  }
  return { keys, expiresAt: new Date(now + Number(left)) };
}
