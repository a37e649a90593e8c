import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";
import { problems } from "../api.ts";
import { securitySchemes } from "../security-schemes.ts";
import type { ActiveRequests } from "./active-requests.ts";
import { credentialsOf, sendCookie } from "./credentials.ts";
import { checkCsrf } from "./csrf.ts";
import { hostCheck } from "./host-check.ts";

interface Options {
  readonly identity: Identity;
  readonly live: ActiveRequests;
  readonly publicUrl: string;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Read it by `principalOf`. */
    principal: Principal | undefined;
  }
}

/** Returns the caller of a request. Only guarded routes may call it. */
export function principalOf(request: FastifyRequest): Principal {
  const { principal } = request;
  if (principal === undefined)
    throw new Error(`${request.url} asks who makes the request, and is not guarded`);
  return principal;
}

/** Authenticates each request of this part of the API before anything else. */
export function authenticate(app: FastifyInstance, { identity, live, publicUrl }: Options): void {
  app.addHook("onRoute", ({ schema }) => {
    if (!schema || identity.methods.includes("none")) return;
    schema.response = { ...problems(401, 503), ...(schema.response as object) };
    schema.security = Object.keys(securitySchemes(identity)).map((name) => ({ [name]: [] }));
  });
  app.decorateRequest("principal");
  const checkHost = identity.guests && hostCheck(publicUrl, true);
  app.addHook("onRequest", async (request, reply) => {
    checkHost?.(request);
    const credentials = credentialsOf(request);
    const { principal, cookie } = await identity.identify(credentials).catch((error) => {
      if (error instanceof AppError && error.code === "unauthenticated") {
        const invalid = credentials.bearer === null ? "" : ', error="invalid_token"';
        reply.header("www-authenticate", `Bearer realm="redis-memory-magic"${invalid}`);
        // A request without credentials is not a refused login.
        if (invalid !== "") {
          logSecurityEvent(request.log, "login_refused", { reason: error.message, address: request.ip });
        }
      }
      throw error;
    });
    if (principal.via === "guest" || principal.via === "login") checkCsrf(request, publicUrl);
    request.principal = principal;
    // Private answers must not be cached by proxies.
    reply.header("cache-control", "no-store");
    if (cookie) sendCookie(reply, cookie);
    if (principal.via === "none") return;
    const kept = cookie ? { ...credentials.cookies, [cookie.name]: cookie.value } : credentials.cookies;
    live.watch({ credentials: { ...credentials, cookies: kept }, owner: principal.owner, reply });
  });
}
