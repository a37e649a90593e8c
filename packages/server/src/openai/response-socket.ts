import { promisify } from "node:util";
import type { WebSocket } from "@fastify/websocket";
import { type ApiResponse, type ResponseCreate, responseCreate } from "@redis-memory-magic/protocol/openai";
import type { FastifyRequest } from "fastify";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import type { ClientFields } from "../chat/turn-request.ts";
import { AppError } from "../errors/app-error.ts";
import { invalidFields } from "../errors/invalid-fields.ts";
import { isFields } from "../fields.ts";
import { takeMessage } from "../http/hooks/limit-requests.ts";
import { jsonParser } from "../http/hooks/request-bodies.ts";
import { runFor } from "../http/hooks/request-id.ts";
import { errorReports } from "../http/problems.ts";
import { MAX_MESSAGE_BYTES, WebSocketEvents } from "../http/wire/web-socket.ts";
import { invalid, toOpenAiError, unsupported } from "./api-error.ts";
import { createResponse, readRequest } from "./create-response.ts";
import { newResponse } from "./ids.ts";
import type { OpenAiContext, OpenAiRoutes } from "./openai-routes.ts";
import { parentOf } from "./parent.ts";
import { type TurnSnapshot, toResponse } from "./response.ts";
import { type EventFormat, ResponseEvents } from "./response-events.ts";
import { writeResponse } from "./stream-response.ts";
import { UnstoredResponses } from "./unstored-responses.ts";
import { refuseMalformedText } from "./well-formed.ts";

// As at OpenAI.
const MAX_AGE_MS = 60 * 60_000;
const MAX_WAITING = 16;

// Close codes of RFC 6455.
const NORMAL = 1000;
const INTERNAL_ERROR = 1011;

/** The WebSocket of `/v1/responses`: each message of the client creates a response, whose events are sent. */
export const responseSocket: OpenAiRoutes = (context) => async (app) => {
  const parse = promisify(jsonParser(app));
  const report = errorReports(context.metrics);
  app.route({
    method: "GET",
    url: "/responses",
    config: { concurrency: "turn" },
    schema: { hide: true },
    handler: async () => {
      throw new AppError(
        "not_found",
        "There is no list of responses. Create one by POST or on a WebSocket, and read it by its id.",
      );
    },
    wsHandler: (socket, request) => {
      const responses = new ResponseSocket({ context, request, socket, report });
      socket.on("message", (data: Buffer, isBinary) => {
        const message = isBinary ? Promise.reject(BINARY) : parse(request, data.toString());
        void responses.receive(message, data.length);
      });
    },
  });
};

interface Parts {
  readonly context: OpenAiContext;
  readonly request: FastifyRequest;
  readonly socket: WebSocket;
  readonly report: ReturnType<typeof errorReports>;
}

/** The responses that one connection creates: those of one stream one after another, those of several at once. */
class ResponseSocket {
  readonly #parts: Parts;
  readonly #events: WebSocketEvents;
  readonly #unstored = new UnstoredResponses();
  /** The end of the last response of each stream. */
  readonly #streams = new Map<string | undefined, Promise<void>>();
  #waiting = 0;
  #waitingBytes = 0;
  #isOld = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#events = new WebSocketEvents(parts.socket, parts.request.raw.socket);
    const age = setTimeout(() => void this.#endOfAge(), MAX_AGE_MS);
    parts.socket.on("close", () => clearTimeout(age));
  }

  /** Answers a message behind the earlier ones of its stream. Never rejects. */
  async receive(message: Promise<unknown>, bytes: number): Promise<void> {
    const [read] = await Promise.allSettled([message]);
    const streamId = streamOf(read);
    if (this.#waiting === MAX_WAITING || this.#waitingBytes + bytes > MAX_MESSAGE_BYTES) {
      // A client that sends without end and reads nothing would fill this server's memory with refusals.
      if (this.#events.isUnread) this.#parts.socket.terminate();
      else void this.#sendError(TOO_MANY, streamId);
      return;
    }
    this.#waiting++;
    this.#waitingBytes += bytes;
    const before = this.#streams.get(streamId) ?? Promise.resolve();
    const answered = before.then(
      () =>
        new Promise<void>((done) =>
          runFor(this.#parts.request, () => done(this.#answer(read, bytes, streamId))),
        ),
    );
    this.#streams.set(streamId, answered);
    await answered;
    this.#waiting--;
    this.#waitingBytes -= bytes;
    if (this.#streams.get(streamId) === answered) this.#streams.delete(streamId);
  }

  async #answer(
    read: PromiseSettledResult<unknown>,
    bytes: number,
    streamId: string | undefined,
  ): Promise<void> {
    const { context, request, socket } = this.#parts;
    if (this.#events.clientGone.aborted) return;
    let hasBegun = false;
    try {
      await takeMessage(context.limits, request, bytes);
      if (this.#isOld) throw TOO_OLD;
      if (read.status === "rejected") throw read.reason;
      await this.#create(readCreate(read.value), () => {
        hasBegun = true;
      });
    } catch (error) {
      if (!hasBegun) await this.#sendError(error as Error, streamId);
      else {
        // Redis is away, so the response's further course is unknown. The client reads it by its id.
        request.log.warn({ reason: String(error) }, "A WebSocket was closed in the middle of a response");
        socket.close(INTERNAL_ERROR, "The response's further course is unknown. Read it by its id.");
      }
    }
  }

  /** @param begun called before the first event */
  async #create(body: ResponseCreate, begun: () => void): Promise<void> {
    const { context, request } = this.#parts;
    const caller = context.callerOf(request);
    const format = formatOf(body.stream_id ?? undefined);
    parentOf(body);
    const parent = body.previous_response_id ?? "";
    const whole = this.#unstored.wholeRequest(body);
    const asked = whole ?? body;
    const echo = whole && { previous_response_id: parent };
    let ended: ApiResponse | undefined;
    try {
      if (body.generate === false) {
        const turn = await this.#prepared(caller, asked, echo);
        begun();
        const events = new ResponseEvents(turn, -1, format);
        ended = toResponse(turn);
        const begin = events.begin(toResponse({ ...turn, status: "running", endedAt: null }));
        await this.#events.write(begin + events.end(ended));
      } else {
        const turn = await createResponse(context, caller, asked, this.#events.clientGone, echo);
        begun();
        ended = await this.#write(caller, turn, new ResponseEvents(turn, -1, format));
      }
    } finally {
      const isKept = ended?.status === "completed" || ended?.status === "incomplete";
      if (!isKept) this.#unstored.delete(parent);
      else if (ended && isUnstored(body)) this.#unstored.add(ended.id, asked, ended.output);
    }
  }

  async #write(caller: Caller, turn: AskedTurn, events: ResponseEvents): Promise<ApiResponse | undefined> {
    const { context } = this.#parts;
    const closed = context.metrics.streamOpened();
    try {
      return await writeResponse(this.#events, context, caller, turn, events);
    } finally {
      closed();
    }
  }

  /** A response without output, which a client makes to go on from. */
  async #prepared(
    caller: Caller,
    body: ResponseCreate,
    echo: ClientFields | undefined,
  ): Promise<TurnSnapshot> {
    const { request } = await readRequest(this.#parts.context, caller.sessions, body, echo);
    const { mode, provider, model = "", system = "", settings, client } = request;
    const startedAt = new Date();
    return {
      ...newResponse(),
      info: { mode, provider, model, system, ...(settings && { settings }), ...(client && { client }) },
      startedAt,
      status: "completed",
      endedAt: startedAt,
      items: [],
    };
  }

  #sendError(error: Error, streamId: string | undefined): Promise<void> | undefined {
    const known = this.#parts.report(error, this.#parts.request);
    const { status, body } = toOpenAiError(known);
    const { retryAfter } = known;
    const headers = retryAfter !== undefined && { headers: { "retry-after": String(Math.ceil(retryAfter)) } };
    return this.#events.write(
      formatOf(streamId).event({ type: "error", status, error: { ...body.error, ...headers } }),
    );
  }

  async #endOfAge(): Promise<void> {
    this.#isOld = true;
    await Promise.all(this.#streams.values());
    await this.#sendError(TOO_OLD, undefined);
    this.#parts.socket.close(NORMAL);
  }
}

const BINARY = invalid("message", "must be JSON in a text frame");
const TOO_MANY = new AppError(
  "rate_limited",
  `${MAX_WAITING} responses are waiting on this connection, or ${MAX_MESSAGE_BYTES / 1024 ** 2} MiB. Wait until one has ended.`,
);
const TOO_OLD = new AppError(
  "websocket_connection_limit_reached",
  "This connection has been open for 60 minutes. Open another one.",
);

/** A line for each event. */
const formatOf = (streamId: string | undefined): EventFormat => ({
  event: (event) => `${JSON.stringify({ ...event, stream_id: streamId })}\n`,
  end: "",
});

function streamOf(read: PromiseSettledResult<unknown>): string | undefined {
  const id = read.status === "fulfilled" && isFields(read.value) ? read.value.stream_id : undefined;
  return typeof id === "string" ? id : undefined;
}

function readCreate(message: unknown): ResponseCreate {
  refuseMalformedText(message);
  const { success, data, error } = responseCreate.safeParse(message);
  if (!success) {
    throw invalidFields(error.issues, "message");
  }
  if (data.background) {
    throw unsupported("background", "cannot be used on a WebSocket. Send the request by POST");
  }
  if (data.generate === false && data.conversation) {
    throw unsupported("generate", "cannot be false in a conversation: nothing is added to it");
  }
  return data;
}

/** True for a response that only this connection knows. What a conversation knows is read from it again. */
const isUnstored = ({ store, generate, conversation }: ResponseCreate): boolean =>
  (store === false || generate === false) && !conversation;
