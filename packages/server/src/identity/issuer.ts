import { createRemoteJWKSet, customFetch, type FetchImplementation, type RemoteJWKSet } from "jose";
import {
  allowInsecureRequests,
  ClientSecretPost,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
  None,
} from "openid-client";
import { AppError } from "../errors/app-error.ts";

const TIMEOUT_SECONDS = 5;
// A provider that does not answer is not asked again by each request.
const RETRY_MS = 5000;

interface IssuerOptions {
  readonly url: string;
  /** The client's id and secret at the provider. */
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/** An OpenID Connect provider's metadata: fetched when it is first needed, then cached. */
export class Issuer {
  readonly #options: IssuerOptions;
  #found: Promise<{ configuration: Configuration; keys: RemoteJWKSet }> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(options: IssuerOptions) {
    this.#options = options;
  }

  /** @throws AppError `identity_unavailable` */
  async describe(): Promise<{ configuration: Configuration; keys: RemoteJWKSet }> {
    if (performance.now() - this.#failedAt < RETRY_MS) throw identityUnavailable();
    this.#found ??= this.#discover();
    try {
      return await this.#found;
    } catch (error) {
      this.#found = undefined;
      this.#failedAt = performance.now();
      throw identityUnavailable(error);
    }
  }

  async #discover(): Promise<{ configuration: Configuration; keys: RemoteJWKSet }> {
    const { url, clientId, clientSecret } = this.#options;
    const execute = [enableNonRepudiationChecks];
    // The configuration allows http:// for this machine only.
    if (url.startsWith("http:")) execute.push(allowInsecureRequests);
    const authentication = clientSecret === undefined ? None() : ClientSecretPost(clientSecret);
    const configuration = await discovery(new URL(url), clientId, {}, authentication, {
      execute,
      timeout: TIMEOUT_SECONDS,
    });
    const { jwks_uri } = configuration.serverMetadata();
    if (jwks_uri === undefined) throw new Error("The issuer names no jwks_uri");
    return {
      configuration,
      keys: createRemoteJWKSet(new URL(jwks_uri), {
        timeoutDuration: TIMEOUT_SECONDS * 1000,
        [customFetch]: withPauses(),
      }),
    };
  }
}

/** Fetches, but not soon after a failure: forged tokens with unknown keys must not flood the provider. */
function withPauses(): FetchImplementation {
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (url, options) => {
    if (performance.now() - failedAt < RETRY_MS)
      throw new Error("The issuer's keys could not be fetched just now");
    try {
      const response = await fetch(url, options);
      if (!response.ok) failedAt = performance.now();
      return response;
    } catch (error) {
      failedAt = performance.now();
      throw error;
    }
  };
}

export const identityUnavailable = (cause?: unknown): AppError =>
  new AppError(
    "identity_unavailable",
    "The identity provider cannot be reached, so credentials cannot be verified. Try again in a moment.",
    { cause, retryAfter: 5 },
  );
