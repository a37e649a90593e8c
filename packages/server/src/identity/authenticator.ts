import type { Principal } from "./principal.ts";

/** The credentials of a request. */
export interface Credentials {
  /** The token of `Authorization: Bearer`. */
  readonly bearer: string | null;
  readonly cookies: Readonly<Record<string, string | undefined>>;
}

/** A cookie for the browser to store; an empty value deletes it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
}

export interface Identified {
  readonly principal: Principal;
  /** The cookie that the browser sends from now on. */
  readonly cookie?: Cookie;
}

/** One method of authentication. */
export interface Authenticator {
  /**
   * Null: these credentials are of another kind.
   * @throws AppError `unauthenticated`: they are of this kind and do not hold; `storage_unavailable` or
   *   `identity_unavailable` if the credentials cannot be verified now
   */
  authenticate(credentials: Credentials): Promise<Identified | null>;
}
