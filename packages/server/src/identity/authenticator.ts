import type { Principal } from "./principal.ts";

/** What a request brings to show who makes it. */
export interface Credentials {
  /** The token of `Authorization: Bearer`. */
  readonly bearer: string | null;
  readonly cookies: Readonly<Record<string, string | undefined>>;
}

/** A cookie for the browser to keep; an empty value: to forget. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
}

export interface Identified {
  readonly principal: Principal;
  /** What the browser is to bring from now on. */
  readonly cookie?: Cookie;
}

/** One way to show who one is. */
export interface Authenticator {
  /**
   * Null: these credentials are of another kind.
   * @throws AppError `unauthenticated`: they are of this kind and do not hold; `storage_unavailable` or
   *   `identity_unavailable`: whether they hold cannot be known now
   */
  authenticate(credentials: Credentials): Promise<Identified | null>;
}
