import { setAccessRefused } from "./access.ts";
import { ApiError, connectionError, errorOf } from "./api-error.ts";
import { bearerHeader } from "./bearer.ts";
import { setRedisAway } from "./redis-state.ts";
import { noteServerTime } from "./server-clock.ts";

/** Relative to the page, which a proxy may serve below a path. */
const BASE = "./api";
/** Paths that the server cannot answer without Redis. */
const NEEDS_REDIS = /^\/sessions/;
/** Deadline for the response headers; a body has the time that a slow uplink needs in addition. */
const DEADLINE_MS = 15_000;
/** A slow uplink, 128 kbit/s, in bytes per millisecond: images are megabytes. */
const SLOWEST_UPLINK = 16;

export interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Lets the request continue after the page is closed. */
  keepalive?: boolean;
}

/**
 * Sends a request to the API. Resolves with a successful response whose body is not read yet.
 * @throws ApiError for an error response or when there was none; `signal.reason` when aborted.
 */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = "GET", body, headers = {}, signal, keepalive = false } = options;
  // The deadline covers the headers only: a stream may run for as long as it sends something.
  const deadline = new AbortController();
  const sent = body === undefined ? null : JSON.stringify(body);
  const timer = setTimeout(() => deadline.abort(), DEADLINE_MS + (sent?.length ?? 0) / SLOWEST_UPLINK);
  try {
    const response = await fetch(BASE + path, {
      method,
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...bearerHeader(),
        ...headers,
      },
      body: sent,
      keepalive,
      signal: signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]),
    });
    noteServerTime(response.headers.get("date"));
    if (!response.ok) throw await errorOf(response);
    if (NEEDS_REDIS.test(path)) setRedisAway(false);
    // Routes under /auth answer without credentials, so they say nothing about access.
    if (!path.startsWith("/auth/")) setAccessRefused(false);
    return response;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ApiError) {
      if (error.code === "unauthenticated") setAccessRefused(true);
      if (error.code === "storage_unavailable") setRedisAway(true);
      throw error;
    }
    if (deadline.signal.aborted) throw connectionError("timeout");
    throw connectionError(globalThis.navigator?.onLine === false ? "offline" : "unreachable");
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the response's JSON. The schemas in packages/protocol guarantee its type. */
export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options);
  try {
    return (await response.json()) as T;
  } catch {
    options.signal?.throwIfAborted();
    throw connectionError("unexpected_answer");
  }
}
