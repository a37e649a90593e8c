import type { Server, Socket } from "node:net";
import { compile } from "@fastify/proxy-addr";
import type { FastifyInstance } from "fastify";
import { networkOf } from "../../limits/network.ts";
import { oncePerMinute } from "../../observability/once-per-minute.ts";
import { logSecurityEvent, type SecurityLog } from "../../observability/security-log.ts";
import { STALLED_MS } from "../wire/disconnected.ts";

/** Limits for sending the headers and the whole request, and how often they are checked. */
export const CONNECTION_TIMES = {
  requestTimeout: 30_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 2000 },
} as const;

/** Closes the connection of a client that does not read its answer. Event streams have their own check. */
export function cutSlowReaders(app: FastifyInstance): void {
  app.addHook("onSend", (_, reply, _payload, done) => {
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
    done();
  });
}

/**
 * Limits the connections of one address: idle connections cost their client nothing, so one client could otherwise take
 * all of them. A trusted proxy is not limited, because it stands for many addresses. The log shows an address at its
 * limit, which may be a proxy that should be trusted.
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
