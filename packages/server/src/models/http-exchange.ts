import { type Dispatcher, errors } from "undici";
import { ProviderFailure } from "./provider-failure.ts";

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** Reads one response's body as it arrives. What it throws fails the exchange. */
export interface BodyReader<Result> {
  /** A result settles the exchange at once: what comes after it is not read. */
  chunk(bytes: Buffer): Result | undefined;
  /** The body is whole. */
  end(): Result;
}

/** How long a server may take to finish a body of which everything needed is there. */
const GRACE_MS = 1000;

/**
 * One request and its response, on undici's own callbacks: no stream and no promise stand between a packet
 * and its reader. Aborting rejects at once with the signal's reason and closes the socket. There are no
 * deadlines here but for connecting (the dispatcher's): the signal has them.
 *
 * @throws ProviderFailure `provider_unavailable` when not connected, `provider_broke_off` when cut
 */
export function exchange<Result>(
  dispatcher: Dispatcher,
  request: HttpRequest,
  open: (status: number, headers: ResponseHeaders) => BodyReader<Result>,
  signal: AbortSignal,
): Promise<Result> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  dispatcher.dispatch(
    { ...request, headersTimeout: 0, bodyTimeout: 0 },
    new ExchangeHandler(open, signal, resolve, reject),
  );
  return promise;
}

class ExchangeHandler<Result> implements Dispatcher.DispatchHandler {
  readonly #open: (status: number, headers: ResponseHeaders) => BodyReader<Result>;
  readonly #signal: AbortSignal;
  readonly #resolve: (result: Result) => void;
  readonly #reject: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #reader: BodyReader<Result> | undefined;
  #settled = false;
  #grace: NodeJS.Timeout | undefined;

  constructor(
    open: (status: number, headers: ResponseHeaders) => BodyReader<Result>,
    signal: AbortSignal,
    resolve: (result: Result) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#open = open;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Aborted while it waited for a connection.
    if (this.#settled) this.#hangUp();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    // Kept as they came, they take more than a kilobyte for as long as an answer runs.
    controller.rawHeaders = null;
    if (this.#settled || status < 200) return;
    try {
      this.#reader = this.#open(status, headers);
    } catch (error) {
      this.#fail(error);
      return;
    }
    // The body of an error is worth a moment, not a wait.
    if (status >= 300) this.#grace = setTimeout(() => this.#endEarly(), GRACE_MS);
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#settled || this.#reader === undefined) return;
    try {
      const result = this.#reader.chunk(bytes);
      if (result !== undefined) this.#succeed(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseEnd(): void {
    clearTimeout(this.#grace);
    this.#end();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    clearTimeout(this.#grace);
    this.#settle(() => this.#reject(connectionFailure(error, this.#controller !== undefined)));
  }

  readonly #onAbort = (): void => this.#fail(this.#signal.reason);

  #end(): void {
    if (this.#settled || this.#reader === undefined) return;
    try {
      const result = this.#reader.end();
      this.#settle(() => this.#resolve(result));
    } catch (error) {
      this.#fail(error);
    }
  }

  #endEarly(): void {
    this.#end();
    this.#hangUp();
  }

  #succeed(result: Result): void {
    clearTimeout(this.#grace);
    this.#settle(() => this.#resolve(result));
    // The rest is a few bytes; left to arrive, they leave a connection that can be used again.
    this.#grace = setTimeout(() => this.#hangUp(), GRACE_MS).unref();
  }

  #fail(reason: unknown): void {
    clearTimeout(this.#grace);
    this.#settle(() => this.#reject(reason));
    this.#hangUp();
  }

  #settle(how: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    how();
  }

  #hangUp(): void {
    this.#controller?.abort(new Error("The exchange is over."));
  }
}

/** Node's and undici's codes in words that end the sentence "… cannot be reached: ". */
const CONNECTION_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no network",
  ECONNRESET: "the connection was closed",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_DESTROYED: "this server is shutting down",
  UND_ERR_CLOSED: "this server is shutting down",
};

function connectionFailure(error: Error, connected: boolean): ProviderFailure {
  const code = errorCode(error);
  // Of the headers sent only the key's is not this program's own.
  if (code === "UND_ERR_INVALID_ARG") return new ProviderFailure("provider_unauthorized");
  if (error instanceof errors.HTTPParserError)
    return new ProviderFailure("provider_failed", { cause: error });
  if (connected) return new ProviderFailure("provider_broke_off", { cause: error });
  return new ProviderFailure("provider_unavailable", {
    said: CONNECTION_ERRORS[code] ?? (code || error.message),
    cause: error,
  });
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // A name with several addresses: each was tried.
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return errorCode(error.cause);
}
