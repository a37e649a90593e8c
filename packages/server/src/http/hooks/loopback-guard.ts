import type { FastifyInstance } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route needs a secret that no page and no browser has, so any host name is accepted. */
    readonly skipHostCheck?: boolean;
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** True if a page's origin is one of this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  const host = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  return host !== undefined && LOOPBACK.test(host);
}

/**
 * Without authentication, any page in a browser could use this API in its visitor's name, and an attacker's host name
 * could resolve to this server (DNS rebinding). So only this machine's pages and host names are accepted.
 */
export function guardLoopback(app: FastifyInstance): void {
  app.addHook("onRequest", async (request) => {
    if (request.routeOptions.config.skipHostCheck) return;
    const { host = "", origin } = request.headers;
    if (!LOOPBACK.test(host)) {
      logSecurityEvent(request.log, "foreign_host", { host: host.slice(0, 255), address: request.ip });
      throw new AppError(
        "foreign_host",
        "This server answers to localhost only. Open it as http://localhost.",
      );
    }
    if (origin !== undefined && !isLoopbackOrigin(origin)) {
      const from = { origin: origin.slice(0, 255), address: request.ip };
      logSecurityEvent(request.log, "foreign_origin", from);
      throw new AppError(
        "foreign_origin",
        `Requests from the page ${origin} are refused: it is not of this machine.`,
      );
    }
  });
}
