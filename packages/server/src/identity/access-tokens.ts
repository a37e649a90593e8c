import { errors, type JWTPayload, jwtVerify } from "jose";
import { AppError } from "../errors/app-error.ts";
import type { Authenticator, Credentials, Identified } from "./authenticator.ts";
import { type Issuer, identityUnavailable } from "./issuer.ts";
import { ownerOfSubject } from "./principal.ts";

// Asymmetric algorithms only: the public key, which everyone can read, must not be enough to sign.
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const CLOCK_TOLERANCE_SECONDS = 10;

interface AccessTokensOptions {
  readonly issuer: Issuer;
  readonly audience: string;
  readonly groupOf: (claims: JWTPayload) => string | null;
}

/** Verifies access tokens that an OpenID Connect provider has signed for this server. */
export class AccessTokens implements Authenticator {
  readonly #options: AccessTokensOptions;

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  async authenticate({ bearer }: Credentials): Promise<Identified | null> {
    if (bearer === null) return null;
    const claims = await this.#verify(bearer);
    const owner = ownerOfSubject(claims.sub ?? "");
    return { principal: { owner, group: this.#options.groupOf(claims), via: "token" } };
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { configuration, keys } = await this.#options.issuer.describe();
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: configuration.serverMetadata().issuer,
        audience: this.#options.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ["sub", "exp"],
      });
      if (typeof payload.sub !== "string" || payload.sub === "") throw new errors.JWTInvalid("no subject");
      return payload;
    } catch (error) {
      // A failed fetch says nothing about the token.
      const unreachable =
        !(error instanceof errors.JOSEError) ||
        error instanceof errors.JWKSTimeout ||
        error instanceof errors.JWKSInvalid ||
        error.code === "ERR_JOSE_GENERIC";
      if (unreachable) throw identityUnavailable(error);
      throw new AppError("unauthenticated", `This access token is not valid: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "it has expired. Get a new one.";
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its claim ${error.claim} is not what it must be.`;
  return "it was not signed by the identity provider of this server, or is no token at all.";
}
