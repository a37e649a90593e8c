import type { IdentityRecord, IdentityStore } from "../identity/identity-store.ts";
import type { Redis } from "./redis.ts";
import { keysMatching } from "./scan.ts";
import { withinDeadline } from "./within-deadline.ts";

type Client = Redis["client"];

/** Identities in Redis: a string for each, under `<name>:<record>:<id>`, that expires by itself. */
export class RedisIdentityStore implements IdentityStore {
  readonly #client: Client;
  readonly #name: string;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
  }

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

  async readOrWrite(record: IdentityRecord, id: string, value: string): Promise<string> {
    const key = this.#key(record, id);
    await withinDeadline(this.#client.set(key, value, { condition: "NX" }));
    return (await withinDeadline(this.#client.get(key))) ?? value;
  }

  take(record: IdentityRecord, id: string): Promise<string | null> {
    return withinDeadline(this.#client.getDel(this.#key(record, id)));
  }

  async remove(record: IdentityRecord, id: string): Promise<boolean> {
    return (await withinDeadline(this.#client.del(this.#key(record, id)))) > 0;
  }

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
