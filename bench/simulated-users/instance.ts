import { Pool } from "undici";
import type { LoadOptions } from "./options.ts";

const REQUEST_MS = 10_000;
const SAMPLED = 50;
const AT_ONCE = 32;

/** The running instance. Requests go to its address only. */
export class Instance {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #headers: Record<string, string>;

  constructor({ url, users, key }: Pick<LoadOptions, "url" | "users" | "key">) {
    this.#pool = new Pool(url.origin, { connections: Math.max(users, AT_ONCE) });
    this.#path = url.pathname.replace(/\/$/, "");
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  }

  /** Streams a turn. */
  chat(body: object, signal: AbortSignal) {
    return this.#pool.request({
      method: "POST",
      path: `${this.#path}/chat`,
      headers: { ...this.#headers, accept: "text/event-stream", "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  }

  /** Resolves with true if an instance of this product answers. */
  async answers(): Promise<boolean> {
    return (await this.#ask("GET", "/providers")) !== undefined;
  }

  /** Returns a session's average bytes in Redis and its TTL; undefined if none of these sessions exists. */
  async storedSession(sessions: readonly string[]) {
    const step = Math.max(1, Math.floor(sessions.length / SAMPLED));
    const sample = sessions.filter((_, n) => n % step === 0).slice(0, SAMPLED);
    const found = await Promise.all(
      sample.map(async (id) => {
        const path = `/sessions/${encodeURIComponent(id)}`;
        const [session, storage] = await Promise.all([
          this.#ask("GET", path),
          this.#ask("GET", `${path}/storage`),
        ]);
        if (session === undefined || storage === undefined) return [];
        return [
          {
            bytes: Number(storage.bytes),
            messages: Number(session.message_count),
            ttlSeconds: Number(session.ttl_seconds),
          },
        ];
      }),
    );
    const all = found.flat();
    const average = (of: (one: (typeof all)[number]) => number) =>
      all.reduce((sum, one) => sum + of(one), 0) / all.length;
    if (all.length === 0) return undefined;
    return {
      bytes: average(({ bytes }) => bytes),
      messages: average(({ messages }) => messages),
      ttlSeconds: Math.max(...all.map(({ ttlSeconds }) => ttlSeconds)),
    };
  }

  /** Deletes sessions; ignores errors. */
  async remove(sessions: readonly string[]): Promise<void> {
    for (let from = 0; from < sessions.length; from += AT_ONCE) {
      const some = sessions.slice(from, from + AT_ONCE);
      await Promise.all(some.map((id) => this.#ask("DELETE", `/sessions/${encodeURIComponent(id)}`)));
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #ask(method: "GET" | "DELETE", path: string): Promise<Record<string, unknown> | undefined> {
    try {
      const { statusCode, body } = await this.#pool.request({
        method,
        path: this.#path + path,
        headers: this.#headers,
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const text = await body.text();
      return statusCode === 200 ? (JSON.parse(text) as Record<string, unknown>) : undefined;
    } catch {
      return undefined;
    }
  }
}
