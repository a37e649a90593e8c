import type { FastifyReply } from "fastify";
import { MAX_MESSAGE_BYTES } from "../http/wire/web-socket.ts";

export const MAX_BODY_BYTES = MAX_MESSAGE_BYTES;

/** Returns a signal that is aborted when the client disconnects. */
export function disconnected(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  // It may have disconnected while hooks ran.
  if (reply.raw.closed) left.abort();
  reply.raw.once("close", () => left.abort());
  return left.signal;
}
