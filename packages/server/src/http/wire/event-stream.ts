import { once } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import type { Writable } from "node:stream";
import type { FastifyReply } from "fastify";
import { disconnected, STALLED_MS } from "./disconnected.ts";

// Proxies close idle connections, often after 30 or 60 s.
const HEARTBEAT_MS = 15_000;

/** Called for each stream; returns a function that is called when the stream ends. */
export interface StreamWatch {
  streamOpened(): () => void;
}

/** Where events are written. */
export interface EventStream {
  /** Aborted when the client has disconnected. */
  readonly clientGone: AbortSignal;
  /** Writes events. Resolves when the client can take more: at once, unless it is slow. */
  write(events: string | Buffer): Promise<void> | undefined;
  /** Sends what was written so far, together with the headers. Called once. */
  begun(): void;
}

/** Answers with an event stream, which `send` writes. If it fails, the stream is cut, so that the client resumes it. */
export function sendEvents(
  reply: FastifyReply,
  watch: StreamWatch,
  turnId: string,
  send: (stream: EventStream) => Promise<void>,
): Promise<void> {
  reply.hijack();
  // It can hold a long conversation, or images, and is read by now.
  reply.request.body = undefined;
  const response = reply.raw;
  const clientGone = disconnected(reply);
  // A write may come after the client has disconnected: "close" has said so.
  response.on("error", () => {});
  response.cork();
  response.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  });
  // A client that resumes receives the headers at once. Flushed separately, they also become one string instead of the
  // hundred that they are built from.
  response.flushHeaders();
  if (reply.request.method === "HEAD") {
    response.end();
    return Promise.resolve();
  }
  const heartbeat = setInterval(() => response.write(":\n\n"), HEARTBEAT_MS);
  const closed = watch.streamOpened();
  const end = (): void => {
    clearInterval(heartbeat);
    response.end();
    closed();
  };
  const stream: EventStream = {
    clientGone,
    write: (events) => (response.write(events) ? undefined : drained(response, clientGone)),
    begun: () => response.uncork(),
  };
  // Not awaited: a function that waits for as long as a stream is open takes half a kilobyte.
  return send(stream).then(end, (error) => {
    // Redis is away, so the turn's further course is unknown. The client resumes with its last id.
    reply.log.warn({ turn_id: turnId, reason: String(error) }, "A stream was cut");
    response.destroy();
    end();
  });
}

/** Waits until a slow reader has read what was written, or ends its connection. */
export async function drained(response: Writable, clientGone: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([clientGone, AbortSignal.timeout(STALLED_MS)]);
  await once(response, "drain", { signal }).catch(() => response.destroy());
}
