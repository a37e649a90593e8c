import type { FastifyReply } from "fastify";

/** A client that takes nothing for this long is gone, even if its connection is open. In milliseconds. */
export const STALLED_MS = 60_000;

/** One for all: each `abort` without a reason creates one with a stack trace, and it is called for every answer. */
const GONE = new DOMException("The client has disconnected.", "AbortError");

/** Returns a signal that is aborted when the client disconnects, or its answer is sent. */
export function disconnected({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(GONE);
  // It may have disconnected while hooks ran.
  if (raw.destroyed) abort();
  raw.once("close", abort);
  return controller.signal;
}
