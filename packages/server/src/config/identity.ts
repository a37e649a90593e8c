import { z } from "zod";
import { address, flag, isLoopback, list, url } from "./fields.ts";

const AUTH_METHODS = ["none", "guest", "keys", "jwt"] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

const authMethods = list
  .pipe(z.array(z.enum(AUTH_METHODS, "must be none, guest, keys, jwt, or keys,jwt")).min(1))
  .refine(
    (methods) => methods.length === 1 || [...methods].sort().join() === "jwt,keys",
    "only keys and jwt go together",
  );

const origin = z
  .string()
  .refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    "must be origins such as https://example.org, with commas between",
  );

const ADDRESS = /^([\da-f.:]+)(\/\d{1,3})?$|^(loopback|linklocal|uniquelocal)$/i;

/** How long a guest's cookie is valid. */
export const GUEST_TTL_SECONDS = 30 * 86_400;

export const identityVariables = {
  AUTH: authMethods.default(["none"]),
  ALLOW_UNAUTHENTICATED: flag.default(false),
  PUBLIC_URL: url.optional(),
  ALLOWED_ORIGINS: list.pipe(z.array(origin)).default([]),
  TRUSTED_PROXIES: list
    .pipe(z.array(z.string().regex(ADDRESS, "must be addresses or networks such as 172.16.0.0/12")))
    .default([]),
  SESSION_SECRET: z.string().min(32, "must be at least 32 characters").optional(),
  // As it is: an issuer is compared letter by letter.
  OIDC_ISSUER: address.optional(),
  OIDC_AUDIENCE: z.string().optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_GROUP_CLAIM: z.string().default("groups"),
};

const shape = z.object(identityVariables);
type IdentityVariables = z.infer<typeof shape> & { readonly HOST: string; readonly WEB_PORT: number };

export function toIdentity(e: IdentityVariables) {
  return {
    methods: e.AUTH,
    /** The page's address for its users. A proxy may serve it below a path. */
    publicUrl: e.PUBLIC_URL ?? `http://localhost:${e.WEB_PORT}`,
    allowedOrigins: e.ALLOWED_ORIGINS,
    trustedProxies: e.TRUSTED_PROXIES,
    sessionSecret: e.SESSION_SECRET,
    oidc:
      e.OIDC_ISSUER === undefined
        ? undefined
        : {
            issuer: e.OIDC_ISSUER,
            audience: e.OIDC_AUDIENCE,
            clientId: e.OIDC_CLIENT_ID,
            clientSecret: e.OIDC_CLIENT_SECRET,
            groupClaim: e.OIDC_GROUP_CLAIM,
          },
  } as const;
}

export type IdentityConfig = ReturnType<typeof toIdentity>;

/** What is wrong with the variables together, though each is right by itself. */
export function identityMistakes(e: IdentityVariables): string[] {
  const mistakes: string[] = [];
  const open = e.AUTH.includes("none");
  if (open && !isLoopback(e.HOST) && !e.ALLOW_UNAUTHENTICATED) {
    mistakes.push(
      `HOST is "${e.HOST}", so other machines could use this server, and AUTH=none lets anybody in. ` +
        "Set AUTH to guest, keys or jwt; or keep HOST=127.0.0.1; or, where something else keeps strangers out, " +
        "ALLOW_UNAUTHENTICATED=true.",
    );
  }
  if (open && e.ALLOWED_ORIGINS.length > 0) {
    mistakes.push("ALLOWED_ORIGINS needs authentication: set AUTH to guest, keys or jwt.");
  }
  if (!e.AUTH.includes("jwt")) return mistakes;
  if (e.OIDC_ISSUER === undefined) {
    mistakes.push("AUTH=jwt needs OIDC_ISSUER, the address of the identity provider.");
  } else if (!isSafe(e.OIDC_ISSUER)) {
    mistakes.push(`OIDC_ISSUER is "${e.OIDC_ISSUER}": it must begin with https://, as keys come from there.`);
  }
  if (e.OIDC_AUDIENCE === undefined && e.OIDC_CLIENT_ID === undefined) {
    mistakes.push(
      "AUTH=jwt needs OIDC_AUDIENCE (to take access tokens), OIDC_CLIENT_ID (for a login on the page), or both.",
    );
  }
  if (e.OIDC_CLIENT_ID !== undefined && e.PUBLIC_URL !== undefined && !isSafe(e.PUBLIC_URL)) {
    mistakes.push(
      `PUBLIC_URL is "${e.PUBLIC_URL}": a login needs https://, as its cookie would be readable.`,
    );
  }
  return mistakes;
}

const isSafe = (text: string): boolean => {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || isLoopback(hostname);
};
