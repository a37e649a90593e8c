import type { Redis } from "./redis.ts";
import { keysMatching } from "./scan.ts";
import { withinDeadline } from "./within-deadline.ts";

/** The stored records: API keys, logins, unfinished logins, guests who logged out, and one secret. */
export type IdentityRecord = "api_key" | "login" | "login_attempt" | "left_guest" | "secret";

type Client = Redis["client"];

/**
 * Stored identities in Redis: a string for each, under `<name>:<record>:<id>`, that expires by itself. Every method
 * rejects with the `AppError` `storage_unavailable`.
 */
export class IdentityStore {
  readonly #client: Client;
  readonly #name: string;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** @param renewSeconds the new TTL of the record */
  read(record: IdentityRecord, id: string, renewSeconds?: number): Promise<string | null> {
    const key = this.#key(record, id);
    return withinDeadline(
      renewSeconds === undefined
        ? this.#client.get(key)
        : this.#client.getEx(key, { type: "EX", value: renewSeconds }),
    );
  }

  async write(record: IdentityRecord, id: string, value: string, ttlSeconds?: number): Promise<void> {
    await withinDeadline(
      this.#client.set(
        this.#key(record, id),
        value,
        ttlSeconds === undefined ? {} : { expiration: { type: "EX", value: ttlSeconds } },
      ),
    );
  }

  /** Returns the stored value, or stores this one and returns it. */
  async readOrWrite(record: IdentityRecord, id: string, value: string): Promise<string> {
    const key = this.#key(record, id);
    await withinDeadline(this.#client.set(key, value, { condition: "NX" }));
    return (await withinDeadline(this.#client.get(key))) ?? value;
  }

  /** Reads a record and removes it: for records that are valid once. */
  take(record: IdentityRecord, id: string): Promise<string | null> {
    return withinDeadline(this.#client.getDel(this.#key(record, id)));
  }

  /** Resolves with false if there was no such record. */
  async remove(record: IdentityRecord, id: string): Promise<boolean> {
    return (await withinDeadline(this.#client.del(this.#key(record, id)))) > 0;
  }

  /** All records of a kind, by id. Takes a while: for commands, not for requests. */
  async all(record: IdentityRecord): Promise<Map<string, string>> {
    const prefix = this.#key(record, "");
    const found = new Map<string, string>();
    for await (const key of keysMatching(this.#client, `${prefix}*`)) {
      const value = await withinDeadline(this.#client.get(key));
      if (value !== null) found.set(key.slice(prefix.length), value);
    }
    return found;
  }

  #key(record: IdentityRecord, id: string): string {
    return `${this.#name}:${record}:${id}`;
  }
}
