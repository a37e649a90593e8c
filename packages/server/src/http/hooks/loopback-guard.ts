import type { FastifyInstance } from "fastify";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who asks must bring a secret that no page and no browser has: by whatever name he calls the server. */
    readonly skipHostCheck?: boolean;
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** Whether a page's origin is one of this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  const host = /^https?:\/\/(.+)$/i.exec(origin)?.[1];
  return host !== undefined && LOOPBACK.test(host);
}

/**
 * While nobody has to say who he is, any page that a browser shows could use this API in its visitor's name, and
 * a foreign host name could be made to point here (DNS rebinding). So only this machine's pages and names may.
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
