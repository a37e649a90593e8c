import { AppError } from "../errors/app-error.ts";
import { createDispatcher } from "../outgoing-http.ts";
import { AnswerBodyReader, type AnswerReader } from "./answer-body.ts";
import { type BaseUrl, readBaseUrl } from "./base-url.ts";
import { type BodyReader, exchange, type HttpRequest, type ResponseHeaders } from "./http-exchange.ts";
import { errorOfEvent, failureOfError, failureOfResponse } from "./provider-error-body.ts";
import { providerFailure } from "./provider-failure.ts";
import { parseJson } from "./wire-json.ts";

const CONNECT_TIMEOUT_MS = 5000;
const MAX_ERROR_BYTES = 16 * 1024;
const MAX_JSON_BYTES = 16 * 1024 * 1024;
const MAX_REDIRECTS = 3;
/** A kept connection that the server has just closed; there may be another one like it. */
const MAX_RETRIES = 2;

export interface ProviderHttpOptions {
  readonly baseUrl: string;
  /** Empty: none is sent. */
  readonly apiKey: string;
  /** For proxies. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * A provider's HTTP API: kept connections, credentials, errors. Every method rejects with an `AppError` that has
 * `provider` facts, or with the signal's reason. Paths are relative to the base URL.
 */
export class ProviderHttp {
  /** What must not be quoted. */
  readonly secrets: readonly string[];
  readonly #base: BaseUrl;
  readonly #dispatcher;
  readonly #headers: Record<string, string>;
  /** Which of the base URL's paths the API was found at. */
  #path: string;
  #opened = 0;

  constructor({ baseUrl, apiKey, env = process.env }: ProviderHttpOptions) {
    this.#base = readBaseUrl(baseUrl);
    this.#path = this.#base.paths[0] ?? "";
    this.secrets = [apiKey, ...this.#base.secrets].filter((secret) => secret !== "");
    this.#headers = credentials(this.#base, apiKey);
    this.#dispatcher = createDispatcher(env, {
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      onConnect: () => {
        this.#opened += 1;
      },
    });
  }

  /** Fit to be shown: without credentials, without a slash at its end. */
  get baseUrl(): string {
    return this.#base.origin + this.#path;
  }

  url(path: string): string {
    return this.#urlAt(this.#path, path).href;
  }

  postForAnswer<Result>(
    path: string,
    body: unknown,
    reader: () => AnswerReader<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    return this.#send(
      { method: "POST", path, body: encode(body), accept: "text/event-stream" },
      () => new AnswerBodyReader(reader(), signal),
      signal,
    );
  }

  postForJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const request = { method: "POST", path, body: encode(body), accept: "application/json" } as const;
    return this.#send(request, () => new JsonReader(this.secrets), signal);
  }

  getJson(path: string, signal: AbortSignal): Promise<unknown> {
    const request = { method: "GET", path, accept: "application/json" } as const;
    return this.#send(request, () => new JsonReader(this.secrets), signal);
  }

  /** Ends the requests under way too. */
  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  #urlAt(base: string, path: string): URL {
    const url = new URL(path, `${this.#base.origin}${base}/`);
    url.search = this.#base.search;
    return url;
  }

  /** Tries the other places where the API may be, if this one has no such API. */
  #send<Result>(request: ApiRequest, reader: () => BodyReader<Result>, signal: AbortSignal): Promise<Result> {
    const tried = this.#path;
    const send = (path: string) => this.#exchange(this.#urlAt(path, request.path), request, reader, signal);
    // Not awaited: a function that waits for as long as an answer runs takes half a kilobyte.
    return send(tried).catch(async (error) => {
      // Ollama's own API is not below the compatible one's path.
      if (!isNoSuchApi(error) || request.path.startsWith("..")) throw error;
      for (const path of this.#base.paths.filter((path) => path !== tried)) {
        try {
          const result = await send(path);
          this.#path = path;
          return result;
        } catch (other) {
          if (isNoSuchApi(other)) continue;
          this.#path = path;
          throw other;
        }
      }
      throw error;
    });
  }

  /** Follows redirects, and repeats a request on another connection where nothing was worked on. */
  async #exchange<Result>(
    url: URL,
    request: ApiRequest,
    reader: () => BodyReader<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const open = (status: number, headers: ResponseHeaders) => this.#readerFor(status, headers, reader);
    let target = url;
    let redirects = 0;
    let retries = 0;
    for (;;) {
      const opened = this.#opened;
      try {
        const found = await exchange(this.#dispatcher, this.#message(target, request), open, signal);
        if (!(found instanceof Redirect)) return found;
        const next = redirectTarget(target, found.location);
        if (next === null || redirects === MAX_REDIRECTS)
          throw providerFailure("provider_failed", { status: found.status, noSuchApi: true });
        target = next;
        redirects += 1;
        retries = 0;
      } catch (error) {
        // On a kept connection that was closed before anything came, nothing was worked on.
        const unanswered = error instanceof AppError && error.provider?.unanswered === true;
        if (!unanswered || this.#opened !== opened || retries === MAX_RETRIES) throw error;
        retries += 1;
      }
    }
  }

  #readerFor<Result>(
    status: number,
    headers: ResponseHeaders,
    reader: () => BodyReader<Result>,
  ): BodyReader<Result | Redirect> {
    if (status >= 200 && status < 300) return reader();
    const { location } = headers;
    if (status < 400 && typeof location === "string")
      return new RedirectReader(new Redirect(status, location));
    return new ErrorReader(status, headers, this.secrets);
  }

  #message(url: URL, { method, body, accept }: ApiRequest): HttpRequest {
    // Credentials go to no other host, and not from https to http.
    const { origin } = this.#base;
    const trusted = url.origin === origin || url.origin === origin.replace(/^http:/, "https:");
    return {
      origin: url.origin,
      method,
      path: url.pathname + url.search,
      headers: {
        accept,
        ...(trusted && this.#headers),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
    };
  }
}

interface ApiRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: Buffer;
  readonly accept: string;
}

/** undici keeps a body until the answer is whole, as bytes: of a text there would be both. */
const encode = (body: unknown): Buffer => Buffer.from(JSON.stringify(body));

function credentials({ origin, basic }: BaseUrl, apiKey: string): Record<string, string> {
  if (basic !== null) return { authorization: basic };
  if (apiKey === "") return {};
  const isAzure = new URL(origin).hostname.endsWith(".azure.com");
  return { authorization: `Bearer ${apiKey}`, ...(isAzure && { "api-key": apiKey }) };
}

const isNoSuchApi = (error: unknown): boolean =>
  error instanceof AppError && error.provider?.noSuchApi === true;

/** Where a redirect leads; null if it is not followed: from https to http, or to something that is no HTTP. */
function redirectTarget(from: URL, location: string): URL | null {
  const to = URL.parse(location, from.href);
  if (to === null || !/^https?:$/.test(to.protocol)) return null;
  return from.protocol === "https:" && to.protocol === "http:" ? null : to;
}

class Redirect {
  readonly status: number;
  readonly location: string;

  constructor(status: number, location: string) {
    this.status = status;
    this.location = location;
  }
}

class RedirectReader implements BodyReader<Redirect> {
  readonly #redirect: Redirect;

  constructor(redirect: Redirect) {
    this.#redirect = redirect;
  }

  chunk(): undefined {}

  end(): Redirect {
    return this.#redirect;
  }
}

class JsonReader implements BodyReader<unknown> {
  readonly #secrets: readonly string[];
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  chunk(bytes: Buffer): undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_JSON_BYTES) throw providerFailure("provider_failed");
    this.#chunks.push(bytes);
  }

  end(): unknown {
    const text = Buffer.concat(this.#chunks)
      .toString()
      .replace(/^\uFEFF/, "");
    // A page of a proxy, or of the server's own, where the API was looked for.
    if (text.trimStart().startsWith("<")) throw providerFailure("provider_failed", { noSuchApi: true });
    const body = parseJson(text);
    const error = errorOfEvent(body);
    if (error !== null) throw failureOfError(error, this.#secrets, false);
    return body;
  }
}

/** Reads the beginning of an error's body, then throws what it means. */
class ErrorReader implements BodyReader<never> {
  readonly #status: number;
  readonly #headers: ResponseHeaders;
  readonly #secrets: readonly string[];
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(status: number, headers: ResponseHeaders, secrets: readonly string[]) {
    this.#status = status;
    this.#headers = headers;
    this.#secrets = secrets;
  }

  chunk(bytes: Buffer): undefined {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_ERROR_BYTES) this.end();
  }

  end(): never {
    const body = Buffer.concat(this.#chunks).toString();
    throw failureOfResponse(this.#status, this.#headers, body, this.#secrets);
  }
}
