import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import type { IdentityStore } from "../storage/identity-store.ts";
import type { Authenticator, Credentials, Identified } from "./authenticator.ts";
import { VerifiedCache } from "./verified-cache.ts";

const KEY = /^rmm_([0-9a-f]{16})_([\w-]{43})$/;

const record = z.object({
  /** SHA-256 of the secret; it has 256 random bits, so a slow hash would protect nothing. */
  hash: z.string(),
  owner: z.string(),
  group: z.string().nullable(),
  note: z.string().nullable(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
});
type ApiKeyRecord = z.infer<typeof record>;

/** A key without its secret. */
export type ApiKey = Omit<ApiKeyRecord, "hash"> & { readonly id: string };

interface NewApiKey {
  readonly owner: string;
  readonly group?: string;
  readonly note?: string;
  readonly days?: number;
}

/** API keys: `rmm_<id>_<secret>`. Only a hash of the secret is stored. */
export class ApiKeys implements Authenticator {
  readonly #store: IdentityStore;
  readonly #verified = new VerifiedCache<ApiKeyRecord>();

  constructor(store: IdentityStore) {
    this.#store = store;
  }

  async authenticate({ bearer }: Credentials): Promise<Identified | null> {
    if (bearer === null || !bearer.startsWith("rmm_")) return null;
    const [, id, secret] = KEY.exec(bearer) ?? [];
    if (id === undefined || secret === undefined) throw refused();
    const given = hashOf(secret);
    const known = await this.#verified.get(id, () => this.#read(id));
    if (known === null || !timingSafeEqual(given, Buffer.from(known.hash, "base64url"))) throw refused();
    if (known.expires_at !== null && Date.parse(known.expires_at) <= Date.now()) throw refused();
    return { principal: { owner: known.owner, group: known.group, via: "key" } };
  }

  /** Creates a key. It is returned once and cannot be read again. */
  async create({ owner, group, note, days }: NewApiKey): Promise<{ id: string; key: string }> {
    const id = randomBytes(8).toString("hex");
    const secret = randomBytes(32).toString("base64url");
    const seconds = days === undefined ? undefined : Math.ceil(days * 86_400);
    const now = Date.now();
    const value: ApiKeyRecord = {
      hash: hashOf(secret).toString("base64url"),
      owner,
      group: group ?? null,
      note: note ?? null,
      created_at: new Date(now).toISOString(),
      expires_at: seconds === undefined ? null : new Date(now + seconds * 1000).toISOString(),
    };
    await this.#store.write("api_key", id, JSON.stringify(value), seconds);
    return { id, key: `rmm_${id}_${secret}` };
  }

  /** Returns all keys, oldest first. */
  async list(): Promise<ApiKey[]> {
    const all = await this.#store.all("api_key");
    return [...all]
      .map(([id, value]) => {
        const { hash: _, ...known } = record.parse(JSON.parse(value));
        return { id, ...known };
      })
      .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  }

  /** Resolves with false if there is no such key. Servers that have just verified it accept it for another second. */
  async revoke(id: string): Promise<boolean> {
    this.#verified.forget(id);
    return this.#store.remove("api_key", id);
  }

  async #read(id: string): Promise<ApiKeyRecord | null> {
    const value = await this.#store.read("api_key", id);
    return value === null ? null : record.parse(JSON.parse(value));
  }
}

const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

const refused = (): AppError =>
  new AppError("unauthenticated", "This API key is not valid: it is mistyped, has expired, or was revoked.");
