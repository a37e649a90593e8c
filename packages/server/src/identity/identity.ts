import type { JWTPayload } from "jose";
import type { AuthMethod, IdentityConfig } from "../config/identity.ts";
import { AppError } from "../errors/app-error.ts";
import type { IdentityStore } from "../storage/identity-store.ts";
import { ApiKeys } from "./api-keys.ts";
import type { Authenticator, Credentials, Identified } from "./authenticator.ts";
import type { Guests } from "./guests.ts";
import type { Login } from "./login.ts";
import { LoginSessions } from "./login-sessions.ts";
import { LOCAL } from "./principal.ts";

/** Authentication: identifies the caller of a request, and offers logins. */
export interface Identity {
  readonly methods: readonly AuthMethod[];
  readonly guests: Guests | null;
  readonly login: Login | null;
  readonly logins: LoginSessions | null;
  /** The cookie that identifies a browser; null: none. */
  readonly cookieName: string | null;
  /** @throws AppError `unauthenticated`, `storage_unavailable`, `identity_unavailable` */
  identify(credentials: Credentials): Promise<Identified>;
}

/**
 * Loads only what the configured methods need: the libraries for tokens are large.
 * @param groups the groups that have limits of their own
 */
export async function createIdentity(
  config: IdentityConfig,
  store: IdentityStore,
  groups: ReadonlySet<string>,
): Promise<Identity> {
  const { methods, oidc, publicUrl } = config;
  // With the prefix __Host- a browser accepts a cookie over https only, for this host only, from this host only.
  const prefix = publicUrl.startsWith("https:") ? "__Host-" : "";
  let cookieName = methods.includes("guest") ? `${prefix}rmm_guest` : null;
  const guests =
    cookieName === null
      ? null
      : new (await import("./guests.ts")).Guests(store, cookieName, config.sessionSecret);
  const authenticators: Authenticator[] = [];
  let login: Login | null = null;
  let logins: LoginSessions | null = null;
  if (guests) authenticators.push(guests);
  if (methods.includes("none")) authenticators.push({ authenticate: async () => ({ principal: LOCAL }) });
  if (methods.includes("keys")) authenticators.push(new ApiKeys(store));
  if (oidc && methods.includes("jwt")) {
    const { issuer: url, audience, clientId, clientSecret, groupClaim } = oidc;
    const { Issuer } = await import("./issuer.ts");
    const issuer = new Issuer({ url, clientId: clientId ?? audience ?? "", clientSecret });
    const groupOf = (claims: JWTPayload): string | null =>
      [claims[groupClaim]]
        .flat()
        .find((name): name is string => typeof name === "string" && groups.has(name)) ?? null;
    if (audience !== undefined) {
      const { AccessTokens } = await import("./access-tokens.ts");
      authenticators.push(new AccessTokens({ issuer, audience, groupOf }));
    }
    if (clientId !== undefined) {
      cookieName = `${prefix}rmm_login`;
      logins = new LoginSessions(store, cookieName);
      authenticators.push(logins);
      const attemptCookie = `${cookieName}_state`;
      const { Login } = await import("./login.ts");
      login = new Login({ issuer, sessions: logins, store, publicUrl, attemptCookie, groupOf });
    }
  }
  const advice = adviceFor(methods, login !== null, oidc?.audience !== undefined);
  return {
    methods,
    guests,
    login,
    logins,
    cookieName,
    async identify(credentials) {
      for (const authenticator of authenticators) {
        const identified = await authenticator.authenticate(credentials);
        if (identified) return identified;
      }
      const sent = credentials.bearer === null ? "" : "The bearer token that was sent is not accepted. ";
      throw new AppError("unauthenticated", `${sent}${advice}`);
    },
  };
}

function adviceFor(methods: readonly AuthMethod[], login: boolean, tokens: boolean): string {
  const ways = [
    methods.includes("keys") && "send an API key (rmm_…) as Authorization: Bearer",
    tokens && "send an access token as Authorization: Bearer",
    login && "log in on the page",
  ].filter((way) => way !== false);
  return `This server has to know who you are: ${ways.join(", or ")}.`;
}
