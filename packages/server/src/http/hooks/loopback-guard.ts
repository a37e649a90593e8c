import type { FastifyInstance } from "fastify";
import { isLoopback } from "../../config/fields.ts";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";
import { hostCheck } from "./host-check.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** For a route that needs a secret which no page has: it may be called by any host name. */
    readonly skipHostCheck?: boolean;
  }
}

/** True if the origin is a page of this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  const { protocol = "", hostname = "" } = URL.parse(origin) ?? {};
  return /^https?:$/.test(protocol) && isLoopback(hostname);
}

/**
 * Without authentication any page in a browser could use this API. So only this machine's pages and names are accepted,
 * and those of PUBLIC_URL, which belong to the operator.
 */
export function guardLoopback(app: FastifyInstance, publicUrl: string): void {
  const publicOrigin = new URL(publicUrl).origin;
  const checkHost = hostCheck(publicUrl, false);
  app.addHook("onRequest", async (request) => {
    if (request.routeOptions.config.skipHostCheck) return;
    checkHost(request);
    const { origin } = request.headers;
    if (origin === undefined || origin === publicOrigin || isLoopbackOrigin(origin)) return;
    const from = { origin: origin.slice(0, 255), address: request.ip };
    logSecurityEvent(request.log, "foreign_origin", from);
    throw new AppError(
      "foreign_origin",
      `Requests from the page ${origin} are refused: it is not of this machine. Set PUBLIC_URL to its address to allow them.`,
    );
  });
}
