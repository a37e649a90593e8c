import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { errorCode, networkProblem } from "@redis-memory-magic/setup/network-problem";
import { type Dispatcher, errors } from "undici";
import type { AppError } from "../errors/app-error.ts";
import { providerFailure } from "./provider-failure.ts";

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpRequest {
  readonly origin: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
}

/** Reads one response's body as it arrives. What it throws fails the exchange. */
export interface BodyReader<Result> {
  /** A result settles the exchange at once: what comes after it is not read. */
  chunk(bytes: Buffer): Result | undefined;
  /** The body is whole. */
  end(): Result;
  /** True if everything needed is there, though more may follow. */
  readonly ended?: boolean;
}

/** How long a server may take to finish a body of which everything needed is there. */
const GRACE_MS = 1500;

/**
 * Servers compress although nothing was asked for, and proxies put wrong labels on it or take them away: where the
 * first bytes show what it is, they decide. No text begins with gzip's first byte, but one may begin with zstd's.
 */
function decompressorFor([first, second]: Buffer, encoding: string): Transform | undefined {
  if (first === 0x1f) return createGunzip();
  const isZstd = second === undefined ? encoding === "zstd" : second === 0xb5;
  if (first === 0x28 && isZstd) return createZstdDecompress();
  if (encoding === "br") return createBrotliDecompress();
  return encoding === "deflate" ? createInflate() : undefined;
}

/**
 * One request and its response, on undici's own callbacks: no stream and no promise stand between a packet and its
 * reader. Aborting rejects at once with the signal's reason and closes the socket. The only deadline here is for
 * connecting (the dispatcher's): the signal has the others.
 *
 * @throws AppError `provider_unavailable` without a connection, `provider_broke_off` if it broke
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
  #encoding = "";
  /** Undefined before the first bytes, null if they are not compressed. */
  #decompress: Transform | null | undefined;
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
      this.#encoding = String(headers["content-encoding"] ?? "");
    } catch (error) {
      this.#fail(error);
      return;
    }
    // The body of an error is worth a moment, not a wait.
    if (status >= 300) this.#grace = setTimeout(() => this.#endEarly(), GRACE_MS);
  }

  onResponseData(_: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#settled) return;
    if (this.#decompress === undefined) this.#decompress = this.#decompressor(bytes);
    if (this.#decompress === null) this.#data(bytes);
    else this.#decompress.write(bytes);
  }

  onResponseEnd(): void {
    clearTimeout(this.#grace);
    if (this.#decompress) this.#decompress.end();
    else this.#end();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    clearTimeout(this.#grace);
    // The model had come to its end: how the connection ended does not matter.
    if (this.#reader?.ended === true) this.#end();
    else this.#fail(connectionFailure(error, this.#controller !== undefined, this.#reader === undefined));
  }

  readonly #onAbort = (): void => this.#fail(this.#signal.reason);

  #data(bytes: Buffer): void {
    if (this.#settled || this.#reader === undefined) return;
    try {
      const result = this.#reader.chunk(bytes);
      if (result !== undefined) this.#succeed(result);
      // Some servers leave the connection open, and never send their end mark.
      else if (this.#reader.ended) this.#grace ??= setTimeout(() => this.#endEarly(), GRACE_MS);
      else if (this.#reader.ended === false) this.#goOn();
    } catch (error) {
      this.#fail(error);
    }
  }

  #decompressor(start: Buffer): Transform | null {
    const stream = decompressorFor(start, this.#encoding.trim().toLowerCase());
    if (stream === undefined) return null;
    return stream
      .on("data", (bytes: Buffer) => this.#data(bytes))
      .on("end", () => this.#end())
      .on("error", (cause) => {
        if (this.#reader?.ended === true) this.#end();
        else this.#fail(providerFailure("provider_broke_off", { cause }));
      });
  }

  #end(): void {
    if (this.#settled || this.#reader === undefined) return;
    try {
      const result = this.#reader.end();
      clearTimeout(this.#grace);
      this.#settle(() => this.#resolve(result));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What looked like the end was not it. */
  #goOn(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
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
    this.#decompress?.destroy();
    this.#controller?.abort(new Error("The exchange is over."));
  }
}

const NO_TLS = "it does not speak TLS; try http:// in its address";
const NEEDS_TLS = "it speaks TLS; try https:// in its address";
const UNKNOWN_AUTHORITY =
  "its certificate cannot be checked; name the file with your certificate authority in NODE_EXTRA_CA_CERTS";

/** What OpenSSL's and undici's other codes mean, as the end of the sentence "… cannot be reached: ". */
const CONNECTION_ERRORS: Readonly<Record<string, string>> = {
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_HTTP_REQUEST: NO_TLS,
  UND_ERR_DESTROYED: "this server is shutting down",
  UND_ERR_CLOSED: "this server is shutting down",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; check this machine's clock",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
};
/**
 * @param connected true if the request was given to a connection
 * @param unanswered true if nothing of a response came
 */
function connectionFailure(error: Error, connected: boolean, unanswered: boolean): AppError {
  const code = errorCode(error);
  // Of the headers that are sent, only the key's is not this program's own.
  if (code === "UND_ERR_INVALID_ARG") {
    return error.message.includes("407")
      ? providerFailure("provider_unavailable", {
          message: "the proxy asks for a user and a password",
          cause: error,
        })
      : providerFailure("provider_unauthorized");
  }
  if (error instanceof errors.HTTPParserError) {
    return isTlsAlert(error)
      ? providerFailure("provider_unavailable", { message: NEEDS_TLS, cause: error })
      : providerFailure("provider_failed", { cause: error });
  }
  if (connected) return providerFailure("provider_broke_off", { unanswered, cause: error });
  return providerFailure("provider_unavailable", {
    message: networkProblem(error) ?? CONNECTION_ERRORS[code] ?? (code || error.message),
    cause: error,
  });
}

/** A TLS server answers a plain request with an alert, whose first byte is 21. */
const isTlsAlert = (error: Error): boolean =>
  "data" in error && typeof error.data === "string" && error.data.charCodeAt(0) === 21;
