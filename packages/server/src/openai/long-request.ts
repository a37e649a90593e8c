import type { FastifyReply } from "fastify";

// Clients send whole histories, with images in them.
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Returns a signal that is aborted when the client disconnects. */
export function disconnected(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once("close", () => left.abort());
  return left.signal;
}
