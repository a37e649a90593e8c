import {
  type AuthorizationCodeGrantChecks,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientError,
  calculatePKCECodeChallenge,
  type IDToken,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import type { IdentityStore } from "../storage/identity-store.ts";
import type { Cookie, Credentials } from "./authenticator.ts";
import { type Issuer, identityUnavailable } from "./issuer.ts";
import type { LoginSessions } from "./login-sessions.ts";
import { ownerOfSubject } from "./principal.ts";

const ATTEMPT_SECONDS = 600;
const CALLBACK_PATH = "/api/auth/callback";

const attempt = z.object({ verifier: z.string(), nonce: z.string(), return_to: z.string() });

interface LoginOptions {
  readonly issuer: Issuer;
  readonly sessions: LoginSessions;
  readonly store: IdentityStore;
  readonly publicUrl: string;
  /** The cookie that ties a login to the browser that began it. */
  readonly attemptCookie: string;
  readonly groupOf: (claims: IDToken) => string | null;
}

/** The login on the page, by the authorisation code flow with PKCE. */
export class Login {
  readonly #options: LoginOptions;

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  /**
   * Returns the URL to which the browser is sent to log in.
   * @param returnTo where on the page to come back to; anything elsewhere counts as the page's start
   * @throws AppError `identity_unavailable`, `storage_unavailable`
   */
  async begin(returnTo: string): Promise<{ url: string; cookie: Cookie }> {
    const { issuer, store, publicUrl, attemptCookie } = this.#options;
    const { configuration } = await issuer.describe();
    const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
    const record: z.infer<typeof attempt> = { verifier, nonce, return_to: this.#onPage(returnTo) };
    await store.write("login_attempt", state, JSON.stringify(record), ATTEMPT_SECONDS);
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: publicUrl + CALLBACK_PATH,
      scope: "openid",
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    return { url: url.href, cookie: { name: attemptCookie, value: state, maxAgeSeconds: ATTEMPT_SECONDS } };
  }

  /**
   * Completes a login when the identity provider sends the browser back.
   * @param query what the provider sent along, with its `?`
   * @throws AppError `login_failed`, `identity_unavailable`, `storage_unavailable`
   */
  async finish(
    query: string,
    credentials: Credentials,
  ): Promise<{ owner: string; returnTo: string; cookies: Cookie[] }> {
    const { store, sessions, publicUrl, attemptCookie, groupOf } = this.#options;
    const state = new URLSearchParams(query).get("state");
    // Another browser's login, or an old one, must not log this browser in.
    if (state === null || state !== credentials.cookies[attemptCookie]) throw failed();
    const known = await store.take("login_attempt", state);
    if (known === null) throw failed();
    const { verifier, nonce, return_to } = attempt.parse(JSON.parse(known));
    const claims = await this.#exchange(new URL(publicUrl + CALLBACK_PATH + query), {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
    });
    const owner = ownerOfSubject(claims.sub);
    const cookie = await sessions.begin({ owner, group: groupOf(claims) }, credentials);
    return {
      owner,
      returnTo: return_to,
      cookies: [cookie, { name: attemptCookie, value: "", maxAgeSeconds: 0 }],
    };
  }

  /** Returns the identity provider's URL for logging out; null: it has none. */
  async endSessionUrl(): Promise<string | null> {
    const { configuration } = await this.#options.issuer.describe();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
    return buildEndSessionUrl(configuration, { post_logout_redirect_uri: `${this.#options.publicUrl}/` })
      .href;
  }

  async #exchange(url: URL, checks: AuthorizationCodeGrantChecks): Promise<IDToken> {
    const { configuration } = await this.#options.issuer.describe();
    try {
      const tokens = await authorizationCodeGrant(configuration, url, checks);
      const claims = tokens.claims();
      if (claims === undefined) throw failed();
      return claims;
    } catch (error) {
      if (error instanceof AppError) throw error;
      // A network failure is a TypeError or a DOMException; any other error is the provider's refusal.
      const unreachable =
        error instanceof TypeError || (error instanceof ClientError && error.code === "OAUTH_TIMEOUT");
      throw unreachable ? identityUnavailable(error) : failed(error);
    }
  }

  #onPage(returnTo: string): string {
    const { publicUrl } = this.#options;
    const url = URL.canParse(returnTo, publicUrl) ? new URL(returnTo, publicUrl).href : publicUrl;
    // Comparing origins is not enough: blob:<publicUrl>/… has the same origin.
    return url.startsWith(`${new URL(publicUrl).origin}/`) ? url : publicUrl;
  }
}

const failed = (cause?: unknown): AppError =>
  new AppError("login_failed", "The login was not completed. Log in again.", { cause });
