import { Pool } from "undici";
import { type EventReader, EventStreamReader } from "./event-stream.ts";
import { type BodyReader, exchange, type HttpRequest, type ResponseHeaders } from "./http-exchange.ts";
import { failureOfResponse } from "./provider-error-body.ts";
import { ProviderFailure } from "./provider-failure.ts";
import { parseJson } from "./wire-json.ts";

const CONNECT_TIMEOUT_MS = 5000;
const MAX_ERROR_BYTES = 16 * 1024;
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/**
 * A provider's HTTP API: connections kept open, its key, its errors. Every method rejects with a
 * `ProviderFailure`, or with the signal's reason. Paths are relative to the base URL.
 */
export class ProviderHttp {
  /** Fit to be shown: without credentials, without a slash at its end. */
  readonly baseUrl: string;
  readonly #apiKey: string;
  readonly #pool: Pool;
  readonly #headers: Record<string, string>;

  constructor(baseUrl: string, apiKey: string) {
    const { origin, pathname } = new URL(baseUrl);
    this.baseUrl = origin + pathname.replace(/\/+$/, "");
    this.#apiKey = apiKey;
    this.#headers = apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` };
    // HTTP/2 would put all streams on one connection, where one slow reader holds up the others.
    this.#pool = new Pool(origin, { connect: { timeout: CONNECT_TIMEOUT_MS }, allowH2: false });
  }

  url(path: string): string {
    return new URL(path, `${this.baseUrl}/`).href;
  }

  postForEvents<Result>(
    path: string,
    body: unknown,
    reader: EventReader<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    return this.#send(
      "POST",
      path,
      body,
      "text/event-stream",
      () => new EventStreamReader(reader, signal),
      signal,
    );
  }

  postForJson(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#send("POST", path, body, "application/json", () => new JsonReader(), signal);
  }

  getJson(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#send("GET", path, undefined, "application/json", () => new JsonReader(), signal);
  }

  /** Ends the requests under way too. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  #send<Result>(
    method: "GET" | "POST",
    path: string,
    body: unknown,
    type: string,
    reader: () => BodyReader<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const { pathname, search } = new URL(path, `${this.baseUrl}/`);
    const request: HttpRequest = {
      method,
      path: pathname + search,
      headers: {
        accept: type,
        ...this.#headers,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    return exchange<Result>(
      this.#pool,
      request,
      (status, headers) => {
        if (status < 200 || status >= 300) return new ErrorReader(status, headers, this.#apiKey);
        // A page of a proxy, say, that answers everything with 200.
        const sent = String(headers["content-type"] ?? type).toLowerCase();
        if (!sent.startsWith(type)) throw new ProviderFailure("provider_failed");
        return reader();
      },
      signal,
    );
  }
}

class JsonReader implements BodyReader<unknown> {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  chunk(bytes: Buffer): undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_JSON_BYTES) throw new ProviderFailure("provider_failed");
    this.#chunks.push(bytes);
  }

  end(): unknown {
    return parseJson(Buffer.concat(this.#chunks).toString());
  }
}

/** Reads the beginning of an error's body, then throws what it means. */
class ErrorReader implements BodyReader<never> {
  readonly #status: number;
  readonly #headers: ResponseHeaders;
  readonly #secret: string;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(status: number, headers: ResponseHeaders, secret: string) {
    this.#status = status;
    this.#headers = headers;
    this.#secret = secret;
  }

  chunk(bytes: Buffer): undefined {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_ERROR_BYTES) this.end();
  }

  end(): never {
    const body = Buffer.concat(this.#chunks).toString();
    throw failureOfResponse(this.#status, this.#headers, body, this.#secret);
  }
}
