import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import { isLoopback } from "../../config/fields.ts";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses what another site's page asks for in the name of the person whose browser shows it. A browser says where
 * a request comes from; one that says nothing of it is no browser, and has its cookie from its own user.
 */
export function checkCsrf(request: FastifyRequest, publicUrl: string): void {
  if (SAFE_METHODS.has(request.method)) return;
  const { origin, host = "" } = request.headers;
  const site = request.headers["sec-fetch-site"];
  const fromHere = origin === publicUrl || (origin !== undefined && hostOf(origin) === host);
  if (site === undefined ? origin === undefined || fromHere : site === "same-origin" || origin === publicUrl)
    return;
  logSecurityEvent(request.log, "request_forged", { origin, address: request.ip });
  throw new AppError("foreign_origin", "This request comes from another page than this server's own.");
}

/**
 * Guests need not say who they are, so a foreign host name that is made to point here (DNS rebinding) could use
 * this server through any browser near it. Addresses, localhost and the name of PUBLIC_URL cannot be made to.
 */
export function checkHost(request: FastifyRequest, publicUrl: string): void {
  const { host = "" } = request.headers;
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : "";
  const address = name.replace(/^\[|\]$/g, "");
  if (isLoopback(name) || isIP(address) !== 0 || host === new URL(publicUrl).host) return;
  logSecurityEvent(request.log, "foreign_host", { host: host.slice(0, 255), address: request.ip });
  throw new AppError(
    "foreign_host",
    `This server answers as ${publicUrl} only. Set PUBLIC_URL to change that.`,
  );
}

const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null);
