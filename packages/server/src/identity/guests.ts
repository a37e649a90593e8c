import { randomBytes } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { GUEST_TTL_SECONDS } from "../config/identity.ts";
import type { IdentityStore } from "../storage/identity-store.ts";
import type { Authenticator, Cookie, Credentials, Identified } from "./authenticator.ts";
import type { Principal } from "./principal.ts";
import { VerifiedCache } from "./verified-cache.ts";

const AUDIENCE = "redis-memory-magic:guest";
// A cookie this old is replaced by a new one, so that a guest who returns within 30 days stays the same guest.
const RENEWED_AFTER_SECONDS = 86_400;

interface Guest {
  readonly id: string;
  readonly issuedAt: number;
}

/** Guests: each browser is an owner, by a signed cookie. Only what guests write is stored. */
export class Guests implements Authenticator {
  readonly #store: IdentityStore;
  readonly #cookieName: string;
  readonly #left = new VerifiedCache<"left" | "here">();
  #secret: Uint8Array | undefined;

  /** @param secret what cookies are signed with; absent: one that all servers on the same Redis share */
  constructor(store: IdentityStore, cookieName: string, secret?: string) {
    this.#store = store;
    this.#cookieName = cookieName;
    this.#secret = secret === undefined ? undefined : new TextEncoder().encode(secret);
  }

  /** A request without a valid cookie is a new guest's. */
  async authenticate({ cookies }: Credentials): Promise<Identified> {
    const guest = await this.#verify(cookies[this.#cookieName]);
    if (guest === null || (await this.#hasLeft(guest.id))) {
      const id = randomBytes(16).toString("base64url");
      return { principal: principalOf(id), cookie: await this.#cookie(id) };
    }
    const principal = principalOf(guest.id);
    const old = Date.now() / 1000 - guest.issuedAt > RENEWED_AFTER_SECONDS;
    return old ? { principal, cookie: await this.#cookie(guest.id) } : { principal };
  }

  /** Ends a guest: the cookie and all copies of it become invalid. */
  async end({ cookies }: Credentials): Promise<Cookie> {
    const guest = await this.#verify(cookies[this.#cookieName]);
    if (guest !== null) {
      await endGuest(this.#store, principalOf(guest.id).owner);
      this.#left.forget(guest.id);
    }
    return { name: this.#cookieName, value: "", maxAgeSeconds: 0 };
  }

  async #hasLeft(id: string): Promise<boolean> {
    const standing = await this.#left.get(id, () =>
      this.#store.read("left_guest", id).then(
        (left) => (left === null ? "here" : "left"),
        // Redis is away, so no session can be read: any guest may continue.
        () => "here",
      ),
    );
    return standing === "left";
  }

  async #verify(cookie: string | undefined): Promise<Guest | null> {
    if (cookie === undefined || cookie === "") return null;
    try {
      const { payload } = await jwtVerify(cookie, await this.#key(), {
        algorithms: ["HS256"],
        audience: AUDIENCE,
        requiredClaims: ["sub", "iat", "exp"],
      });
      return { id: payload.sub ?? "", issuedAt: payload.iat ?? 0 };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  }

  async #cookie(id: string): Promise<Cookie> {
    const value = await new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(id)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(`${GUEST_TTL_SECONDS}s`)
      .sign(await this.#key());
    return { name: this.#cookieName, value, maxAgeSeconds: GUEST_TTL_SECONDS };
  }

  async #key(): Promise<Uint8Array> {
    if (this.#secret === undefined) {
      const made = randomBytes(32).toString("base64url");
      this.#secret = new TextEncoder().encode(await this.#store.readOrWrite("secret", "guests", made));
    }
    return this.#secret;
  }
}

const PREFIX = "guest:";

const principalOf = (id: string): Principal => ({ owner: PREFIX + id, group: "guest", via: "guest" });

/** Makes a guest's cookie invalid. Does nothing if the owner is not a guest. */
export async function endGuest(store: IdentityStore, owner: string): Promise<void> {
  if (owner.startsWith(PREFIX)) {
    await store.write("left_guest", owner.slice(PREFIX.length), "", GUEST_TTL_SECONDS);
  }
}
