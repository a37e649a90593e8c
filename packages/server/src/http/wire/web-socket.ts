import type { Socket } from "node:net";
import websocket, { type WebSocket } from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { drained, type EventStream } from "./event-stream.ts";

/** The largest message, as the largest body of a request: clients send whole histories, with images in them. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

// A client that does not take part in the close of its connection is cut off.
const CLOSE_MS = 1000;

/** Opens WebSockets on routes that have one; every hook of a request runs before. */
export async function acceptWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES },
    // The connection has been closed with the code that says why.
    errorHandler: (error, _, request) =>
      request.log.info({ reason: error.message }, "A WebSocket was closed because of its client"),
    preClose(done) {
      const { clients } = this.websocketServer;
      for (const client of clients) client.close(1001, "The server is shutting down.");
      setTimeout(() => {
        for (const client of clients) client.terminate();
      }, CLOSE_MS).unref();
      done();
    },
  });
}

const TIMES = {
  /** Between two looks at a connection, in milliseconds. Proxies close idle connections, often after 30 or 60 s. */
  checkMs: 15_000,
  /** A message that is not whole after so many looks is too slow. */
  checksPerMessage: 3,
};

// More than what a message's end and the next one's beginning have in common.
const SLACK_BYTES = 1024;
const CONTROL_FRAME_BYTES = 6;
// More than the largest event.
const MAX_UNREAD_BYTES = 2 * MAX_MESSAGE_BYTES;

/**
 * Writes events as messages, one for each line. Ends the connection when its client is gone, does not read, or takes
 * too long to send a message.
 */
export class WebSocketEvents implements EventStream {
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  readonly #times: typeof TIMES;
  readonly #clientGone = new AbortController();
  /** Bytes that had been received at the last look. */
  #seen = -1;
  /** Bytes of whole messages. */
  #whole: number;
  #looks = 0;

  constructor(socket: WebSocket, raw: Socket, times = TIMES) {
    this.#socket = socket;
    this.#raw = raw;
    this.#times = times;
    this.#whole = raw.bytesRead;
    const timer = setInterval(() => this.#look(), times.checkMs);
    socket.on("message", () => {
      this.#whole = raw.bytesRead;
    });
    const countControl = (data: Buffer): void => {
      this.#whole += CONTROL_FRAME_BYTES + data.length;
    };
    socket.on("ping", (data) => {
      countControl(data);
      // Each is answered, whether or not the client reads.
      if (raw.writableLength > MAX_UNREAD_BYTES) socket.terminate();
    });
    socket.on("pong", countControl);
    socket.on("close", () => {
      clearInterval(timer);
      this.#clientGone.abort();
    });
  }

  get clientGone(): AbortSignal {
    return this.#clientGone.signal;
  }

  /** True while the client has not read what was written. */
  get isUnread(): boolean {
    return this.#raw.writableNeedDrain;
  }

  begun(): void {}

  write(events: string): Promise<void> | undefined {
    this.#raw.cork();
    for (const event of events.split("\n")) if (event !== "") this.#socket.send(event);
    this.#raw.uncork();
    return this.#raw.writableNeedDrain ? drained(this.#raw, this.clientGone) : undefined;
  }

  #look(): void {
    const { bytesRead } = this.#raw;
    const isGone = bytesRead === this.#seen;
    this.#seen = bytesRead;
    this.#looks = bytesRead - this.#whole > SLACK_BYTES ? this.#looks + 1 : 0;
    if (isGone || this.#looks >= this.#times.checksPerMessage) this.#socket.terminate();
    else this.#socket.ping();
  }
}
