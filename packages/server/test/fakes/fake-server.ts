import { EventEmitter, once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnswerFrames, playStream } from "./play.ts";
import type { RecordedExchange } from "./recorded.ts";
import type { Scenario } from "./scenario.ts";

/** A request as the fake was sent it. */
export interface LoggedRequest {
  readonly method: string;
  /** The path, with its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
  /** Tells one connection from another. */
  readonly clientPort: number;
  /** `aborted`: the client left before the answer was whole. `cut`: the fake did. */
  outcome: "running" | "answered" | "aborted" | "cut";
  /** Resolves when it runs no longer. */
  readonly over: Promise<void>;
}

export interface FakeServerOptions {
  /** 0, the default: any free one. */
  readonly port?: number;
  /** How the requests are answered that do not say it themselves. */
  readonly scenario?: Scenario;
  /** How many requests are kept in `requests`; the oldest are let go. Default: 10,000. */
  readonly keep?: number;
}

export type Handler = (
  request: LoggedRequest,
  response: ServerResponse,
  gone: AbortSignal,
) => Promise<void> | void;

/** Made once: an abort without a reason makes an exception with a stack each time. */
const OVER = new Error("The exchange is over.");

/** A real HTTP server in the place of a provider: it plays scenarios and keeps what it was sent. */
export abstract class FakeServer {
  readonly requests: LoggedRequest[] = [];
  /** How the next requests are answered that do not say it themselves. */
  scenario: Scenario;
  readonly #keep: number;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #closed = new AbortController();
  readonly #events = new EventEmitter<{ resume: [] }>().setMaxListeners(0);
  readonly #replays = new Map<string, RecordedExchange[]>();

  constructor(options: FakeServerOptions) {
    this.scenario = options.scenario ?? {};
    this.#keep = options.keep ?? 10_000;
  }

  /** By method and path: `POST /v1/responses`. */
  protected abstract readonly routes: Readonly<Record<string, Handler>>;

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  }

  /** `http://127.0.0.1:<port>` */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The newest request. */
  get last(): LoggedRequest {
    return found(this.requests.at(-1));
  }

  /** The requests for an answer: the server asks for lists, and for what is loaded, at any time between them. */
  get turns(): LoggedRequest[] {
    return this.requests.filter(({ url }) => /\/(responses|chat\/completions)(\?|$)/.test(url));
  }

  /** The newest request for an answer. */
  get lastTurn(): LoggedRequest {
    return found(this.turns.at(-1));
  }

  /**
   * Answers with what a real server once answered to the same method and path: in the order of the exchanges, with the
   * last of them from then on.
   */
  replay(...exchanges: RecordedExchange[]): void {
    for (const [request, same] of Map.groupBy(exchanges, (exchange) => exchange.request))
      this.#replays.set(request, same);
  }

  /** Waits until so many answers are paused, and continues all that are. */
  async resume(count = 1): Promise<void> {
    while (this.#events.listenerCount("resume") < count) await sleep(5);
    this.#events.emit("resume");
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.requests.map((request) => request.over));
  }

  async close(): Promise<void> {
    this.#closed.abort(OVER);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  protected async stream(
    request: LoggedRequest,
    response: ServerResponse,
    frames: AnswerFrames,
    pieces: readonly string[],
    scenario: Scenario,
    gone: AbortSignal,
  ): Promise<void> {
    const end = await playStream(response, frames, pieces, scenario, gone, (signal) =>
      once(this.#events, "resume", { signal }),
    );
    if (end === "whole") response.end();
    else {
      request.outcome = "cut";
      response.destroy();
    }
  }

  protected async sendWhole(
    response: ServerResponse,
    body: unknown,
    scenario: Scenario,
    gone: AbortSignal,
  ): Promise<void> {
    if (scenario.initialDelayMs) await sleep(scenario.initialDelayMs, undefined, { signal: gone });
    sendJson(response, 200, body);
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const body = await readBody(incoming).catch(() => undefined);
    // The client left before it had said what it wants.
    if (incoming.destroyed && !incoming.complete) return;
    const request: LoggedRequest = {
      method: incoming.method ?? "",
      url: incoming.url ?? "",
      headers: incoming.headers,
      body,
      clientPort: incoming.socket.remotePort ?? 0,
      outcome: "running",
      over,
    };
    this.requests.push(request);
    if (this.requests.length > this.#keep) this.requests.shift();
    const left = new AbortController();
    response.once("close", () => {
      if (request.outcome === "running") request.outcome = response.writableFinished ? "answered" : "aborted";
      left.abort(OVER);
      end();
    });
    try {
      await this.#route(request, response, AbortSignal.any([left.signal, this.#closed.signal]));
    } catch (error) {
      if (left.signal.aborted || this.#closed.signal.aborted) return;
      response.destroy();
      throw error;
    }
  }

  #route(request: LoggedRequest, response: ServerResponse, gone: AbortSignal): Promise<void> | void {
    const key = `${request.method} ${request.url.split("?")[0]}`;
    const replays = this.#replays.get(key) ?? [];
    const replay = replays.length > 1 ? replays.shift() : replays[0];
    if (replay !== undefined) {
      response.writeHead(replay.status, { "content-type": replay.contentType }).end(replay.body);
      return;
    }
    const handler = this.routes[key];
    if (handler === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found");
      return;
    }
    return handler(request, response, gone);
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function found(request: LoggedRequest | undefined): LoggedRequest {
  if (request === undefined) throw new Error("The fake was sent nothing.");
  return request;
}
