import type { createClient } from "@redis/client";

type Client = Pick<ReturnType<typeof createClient>, "hSet" | "hGetAll" | "zAdd" | "zRange" | "zRem" | "del">;

/**
 * The layout to compare with: a hash per message with RedisVL's fields. A sorted set replaces RedisVL's search index,
 * which a plain Redis does not have.
 */
export class HashPerMessage {
  readonly #client: Client;
  readonly #name: string;
  readonly #content: string;

  constructor(client: Client, name: string, content: string) {
    this.#client = client;
    this.#name = name;
    this.#content = content;
  }

  async fill(session: string, length: number): Promise<void> {
    for (let from = 0; from < length; from += 500) {
      const writes: Promise<unknown>[] = [];
      for (let n = from; n < Math.min(from + 500, length); n++) {
        const key = this.#key(session, n);
        const time = { session_tag: session, timestamp: 1732264800 + n };
        writes.push(this.#client.hSet(key, { entry_id: key, role: "user", content: this.#content, ...time }));
        writes.push(this.#client.zAdd(this.#index(session), { score: n, value: key }));
      }
      await Promise.all(writes);
    }
  }

  async readLast(session: string, k: number): Promise<unknown> {
    const keys = await this.#client.zRange(this.#index(session), 0, k - 1, { REV: true });
    return Promise.all(keys.map((key) => this.#client.hGetAll(key)));
  }

  drop(session: string, n: number): Promise<unknown> {
    const key = this.#key(session, n);
    return Promise.all([this.#client.zRem(this.#index(session), key), this.#client.del(key)]);
  }

  #key(session: string, n: number): string {
    const number = String(n).padStart(6, "0");
    return `${this.#name}:{${session}}:1732264800.${number}:${n.toString(16).padStart(8, "0")}`;
  }

  #index(session: string): string {
    return `${this.#name}:{${session}}:index`;
  }
}
