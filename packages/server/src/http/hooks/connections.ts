import type { Server, Socket } from "node:net";
import { compile } from "@fastify/proxy-addr";
import type { FastifyInstance } from "fastify";
import { networkOf } from "../../limits/network.ts";
import { oncePerMinute } from "../../observability/once-per-minute.ts";
import { logSecurityEvent, type SecurityLog } from "../../observability/security-log.ts";

// A reader that takes nothing for so long is gone.
const STALLED_MS = 60_000;

/** How long a client may take to send its headers and its whole request, and when it is looked who is late. */
export const CONNECTION_TIMES = {
  requestTimeout: 30_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 2000 },
} as const;

/** Ends the connection of a client that does not read its answer. An event stream looks after itself. */
export function cutSlowReaders(app: FastifyInstance): void {
  app.addHook("onSend", async (_, reply) => {
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
  });
}

/**
 * Closes what one address opens beyond so many connections: one alone must not take all that there are, as it costs
 * nothing to say nothing on them. A proxy that is trusted stands for many addresses; one that is not, and should be,
 * is found by the log.
 */
export function limitConnections(
  servers: readonly Server[],
  most: number,
  trustedProxies: readonly string[],
  log: SecurityLog,
): void {
  const isProxy = compile([...trustedProxies]);
  const shouldLog = oncePerMinute();
  const open = new Map<string, number>();
  const onConnection = (socket: Socket): void => {
    const { remoteAddress = "" } = socket;
    if (isProxy(remoteAddress, 0)) return;
    const network = networkOf(remoteAddress);
    const others = open.get(network) ?? 0;
    if (others >= most) {
      socket.destroy();
      if (shouldLog(network))
        logSecurityEvent(log, "limit_reached", {
          policy: "address-connections",
          quota: most,
          address: remoteAddress,
        });
      return;
    }
    open.set(network, others + 1);
    socket.once("close", () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  };
  for (const server of servers) server.on("connection", onConnection);
}
