import type { FastifyInstance } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** For a route that needs a secret which no page has: it may be called by any host name. */
    readonly skipHostCheck?: boolean;
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** True if the origin is a page of this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  const host = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  return host !== undefined && LOOPBACK.test(host);
}

/**
 * Without authentication any page in a browser could use this API, and a foreign host name could be made to point here
 * (DNS rebinding). So only this machine's pages and names are accepted, and those of PUBLIC_URL, which belong to the
 * operator.
 */
export function guardLoopback(app: FastifyInstance, publicUrl: string): void {
  const { hostname, origin: publicOrigin } = new URL(publicUrl);
  app.addHook("onRequest", async (request) => {
    if (request.routeOptions.config.skipHostCheck) return;
    const { host = "", origin } = request.headers;
    if (!LOOPBACK.test(host) && hostnameOf(host) !== hostname) {
      logSecurityEvent(request.log, "foreign_host", { host: host.slice(0, 255), address: request.ip });
      throw new AppError(
        "foreign_host",
        "Without authentication this server answers to localhost and the host of PUBLIC_URL only. Open it as http://localhost, or set PUBLIC_URL.",
      );
    }
    if (origin !== undefined && origin !== publicOrigin && !isLoopbackOrigin(origin)) {
      const from = { origin: origin.slice(0, 255), address: request.ip };
      logSecurityEvent(request.log, "foreign_origin", from);
      throw new AppError(
        "foreign_origin",
        `Requests from the page ${origin} are refused: it is not of this machine. Set PUBLIC_URL to its address to allow them.`,
      );
    }
  });
}

const hostnameOf = (host: string): string | null =>
  URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : null;
