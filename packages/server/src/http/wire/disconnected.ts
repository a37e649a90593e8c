import type { FastifyReply } from "fastify";

/** A client that takes nothing for this long is gone, even if its connection is open. In milliseconds. */
export const STALLED_MS = 60_000;

/** Returns a signal that is aborted when the client disconnects. */
export function disconnected({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  // It may have disconnected while hooks ran.
  if (raw.destroyed) abort();
  raw.once("close", abort);
  return controller.signal;
}
