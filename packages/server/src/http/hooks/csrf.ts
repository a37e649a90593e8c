import type { FastifyRequest } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses requests that another site's page sends with a user's cookie. A browser names the origin of a request; a
 * client that does not is not a browser, and has the cookie from its own user.
 */
export function checkCsrf(request: FastifyRequest, publicUrl: string): void {
  // A browser opens a WebSocket with a GET, from any page and with the user's cookie.
  if (SAFE_METHODS.has(request.method) && !request.ws) return;
  const { origin, host = "" } = request.headers;
  const site = request.headers["sec-fetch-site"];
  const isNoBrowser = site === undefined && origin === undefined;
  const isThisOrigin = origin === new URL(publicUrl).origin;
  const isThisHost =
    site === undefined ? origin !== undefined && hostOf(origin) === host : site === "same-origin";
  if (isNoBrowser || isThisOrigin || isThisHost) return;
  logSecurityEvent(request.log, "request_forged", { origin, address: request.ip });
  throw new AppError("foreign_origin", "This request comes from another page than this server's own.");
}

const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null);
