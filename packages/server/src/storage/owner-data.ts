import { MessageHistory, type RedisClient } from "@redis-memory-magic/memory";
import { parseKey } from "@redis-memory-magic/memory/internal";
import { translated } from "../errors/memory-error.ts";
import { endGuest } from "../identity/guests.ts";
import type { IdentityRecord, IdentityStore } from "./identity-store.ts";
import type { Nodes } from "./nodes.ts";
import { keysMatching } from "./scan.ts";
import { withinDeadline } from "./within-deadline.ts";

interface OwnerDataOptions {
  readonly client: RedisClient & Nodes & { unlink(key: string): Promise<number> };
  readonly identities: IdentityStore;
  readonly name: string;
}

/** What was removed for an owner. */
export interface Erasure {
  readonly owner: string;
  readonly apiKeys: number;
  readonly logins: number;
  readonly sessions: number;
  /** All keys in Redis, those of the sessions included. */
  readonly keys: number;
  /** Keys found by a second scan; 0 unless the owner has written meanwhile. */
  readonly left: number;
}

/** Everything that Redis stores for one owner, found by scanning all keys: a list could be incomplete. */
export class OwnerData {
  readonly #options: OwnerDataOptions;

  constructor(options: OwnerDataOptions) {
    this.#options = options;
  }

  /** Returns the ids of the owner's sessions, in no order. */
  async sessions(owner: string): Promise<string[]> {
    const { name } = this.#options;
    const keys = await this.#keysOf(owner);
    const ids = keys.flatMap((key) => parseKey(name, key)?.sessionId ?? []);
    return [...new Set(ids)];
  }

  /** Removes everything: first the credentials, then the data. */
  async erase(owner: string): Promise<Erasure> {
    const { client, identities, name } = this.#options;
    const apiKeys = await this.#removeIdentities("api_key", owner);
    const logins = await this.#removeIdentities("login", owner);
    await endGuest(identities, owner);
    const sessions = await this.sessions(owner);
    const before = await this.#keysOf(owner);
    // By the library, so that a running turn is cancelled and cannot write after the erasure.
    const history = new MessageHistory({ client, name, owner });
    for (const id of sessions) await translated(history.clear(id));
    const unlinked = await this.#unlink(await this.#keysOf(owner));
    const left = await this.#keysOf(owner);
    await this.#unlink(left);
    return {
      owner,
      apiKeys,
      logins,
      sessions: sessions.length,
      keys: Math.max(before.length, unlinked),
      left: (await this.#keysOf(owner)).length,
    };
  }

  async #removeIdentities(record: IdentityRecord, owner: string): Promise<number> {
    const { identities } = this.#options;
    let removed = 0;
    for (const [id, value] of await identities.all(record)) {
      if (JSON.parse(value).owner === owner && (await identities.remove(record, id))) removed++;
    }
    return removed;
  }

  async #keysOf(owner: string): Promise<string[]> {
    const { client, name } = this.#options;
    const found = new Set<string>();
    for await (const key of keysMatching(client, `${escapeGlob(name)}:*`)) {
      const counter = counterOwner(name, key);
      if ((counter ?? parseKey(name, key)?.owner) === owner) found.add(key);
    }
    return [...found];
  }

  async #unlink(keys: readonly string[]): Promise<number> {
    let unlinked = 0;
    // One by one: on a Cluster the keys are on several nodes.
    for (const key of keys) unlinked += await withinDeadline(this.#options.client.unlink(key));
    return unlinked;
  }
}

/** Returns the owner whose limits a key counts; null if it counts no owner's. */
const counterOwner = (name: string, key: string): string | null =>
  key.startsWith(`${name}:limits:`)
    ? (/^[a-z]+:owner:(.*)$/s.exec(key.slice(name.length + ":limits:".length))?.[1] ?? null)
    : null;

const escapeGlob = (text: string): string => text.replace(/[*?[\]\\]/g, "\\$&");
