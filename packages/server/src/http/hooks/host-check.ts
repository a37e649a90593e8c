import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import { isLoopback } from "../../config/fields.ts";
import { AppError } from "../../errors/app-error.ts";
import { logSecurityEvent } from "../../observability/security-log.ts";

/**
 * Returns a check of each request's host. A foreign host name that resolves to this server (DNS rebinding) would let any
 * page in a browser use an API that needs no credentials. So only names of this machine are accepted, and that of
 * PUBLIC_URL, which is the operator's.
 * @param allowAddresses true if any IP address is accepted, too: no name can be made to look like one
 */
export function hostCheck(publicUrl: string, allowAddresses: boolean): (request: FastifyRequest) => void {
  const { hostname: publicName } = new URL(publicUrl);
  const names = allowAddresses
    ? "localhost, IP addresses and the host of PUBLIC_URL"
    : "localhost and the host of PUBLIC_URL";
  const isOwn = (host: string): boolean => {
    const name = URL.parse(`http://${host}`)?.hostname ?? "";
    if (isLoopback(name) || name === publicName) return true;
    return allowAddresses && isIP(name.replace(/^\[|\]$/g, "")) !== 0;
  };
  let lastOwn: string | undefined;
  return (request) => {
    const { host = "" } = request.headers;
    // Most requests have the same one, and parsing it takes several microseconds.
    if (host === lastOwn) return;
    if (isOwn(host)) {
      lastOwn = host;
      return;
    }
    logSecurityEvent(request.log, "foreign_host", { host: host.slice(0, 255), address: request.ip });
    throw new AppError(
      "foreign_host",
      `This server answers to ${names} only. Open it as http://localhost, or set PUBLIC_URL.`,
    );
  };
}
