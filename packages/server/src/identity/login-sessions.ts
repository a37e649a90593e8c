import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { IdentityStore } from "../storage/identity-store.ts";
import type { Authenticator, Cookie, Credentials, Identified } from "./authenticator.ts";
import type { Principal } from "./principal.ts";
import { VerifiedCache } from "./verified-cache.ts";

// A login ends after so long without use, and after so long in total.
const IDLE_SECONDS = 2 * 3600;
const LIFE_SECONDS = 12 * 3600;

const record = z.object({ owner: z.string(), group: z.string().nullable(), ends_at: z.number() });
type LoginRecord = z.infer<typeof record>;

/** Logins on the page: a random id in a cookie. Redis stores its hash and the owner. */
export class LoginSessions implements Authenticator {
  readonly #store: IdentityStore;
  readonly #cookieName: string;
  readonly #verified = new VerifiedCache<LoginRecord>();

  constructor(store: IdentityStore, cookieName: string) {
    this.#store = store;
    this.#cookieName = cookieName;
  }

  async authenticate({ bearer, cookies }: Credentials): Promise<Identified | null> {
    // A bearer token wins over a cookie.
    if (bearer !== null) return null;
    const key = keyOf(cookies[this.#cookieName]);
    if (key === null) return null;
    const known = await this.#verified.get(key, () => this.#read(key));
    if (known === null || known.ends_at <= Date.now()) return null;
    return { principal: { owner: known.owner, group: known.group, via: "login" } };
  }

  /** Logs a user in under a new id; the browser's former id becomes invalid. */
  async begin(
    { owner, group }: Pick<Principal, "owner" | "group">,
    credentials: Credentials,
  ): Promise<Cookie> {
    await this.end(credentials);
    const id = randomBytes(32).toString("base64url");
    const value: LoginRecord = { owner, group, ends_at: Date.now() + LIFE_SECONDS * 1000 };
    await this.#store.write("login", hashOf(id), JSON.stringify(value), IDLE_SECONDS);
    return { name: this.#cookieName, value: id, maxAgeSeconds: LIFE_SECONDS };
  }

  async end({ cookies }: Credentials): Promise<Cookie> {
    const key = keyOf(cookies[this.#cookieName]);
    if (key !== null) {
      await this.#store.remove("login", key);
      this.#verified.forget(key);
    }
    return { name: this.#cookieName, value: "", maxAgeSeconds: 0 };
  }

  async #read(key: string): Promise<LoginRecord | null> {
    const value = await this.#store.read("login", key, IDLE_SECONDS);
    return value === null ? null : record.parse(JSON.parse(value));
  }
}

const hashOf = (id: string): string => createHash("sha256").update(id).digest("base64url");

const keyOf = (cookie: string | undefined): string | null =>
  cookie !== undefined && /^[\w-]{43}$/.test(cookie) ? hashOf(cookie) : null;
