import type { FastifyInstance } from "fastify";

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
