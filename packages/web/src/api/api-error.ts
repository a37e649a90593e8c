import type { Problem } from "@redis-memory-magic/protocol";
import { t } from "../texts/texts.ts";

/** Codes that the page sets itself: no response, none in time, or not the API's format. */
export type ConnectionCode = "offline" | "unreachable" | "timeout" | "unexpected_answer";

/** An error response of the API, or a failure to reach it. `message` is for users: what happened and what to do. */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status; 0 if there was no response. */
  readonly status: number;
  readonly problem: Partial<Problem>;
  /** Earliest time for a retry, by this machine's clock (ms); 0: at once. */
  readonly retryAt: number;

  constructor(code: string, message: string, status = 0, problem: Partial<Problem> = {}, retryAt = 0) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.retryAt = retryAt;
  }

  /** True if the request may have been processed. A retry with the same idempotency key is safe. */
  get isUnanswered(): boolean {
    return this.status === 0;
  }
}

export function connectionError(code: ConnectionCode, status = 0): ApiError {
  return new ApiError(code, t.errors[code], status);
}

/** Converts any error into one that can be shown. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : connectionError("unexpected_answer");
}

/** Reads an error response: `application/problem+json`, or what a proxy wrote. */
export async function errorOf(response: Response): Promise<ApiError> {
  const isProblem = response.headers.get("content-type")?.includes("application/problem+json");
  const problem: Partial<Problem> | null = isProblem ? await response.json().catch(() => null) : null;
  if (problem?.code === undefined) return connectionError(proxyCode(response.status), 0);
  const message = problem.detail ?? problem.title ?? t.errors.refused;
  return new ApiError(problem.code, message, response.status, problem, retryAtOf(response));
}

/** Reads `Retry-After`, which the API sends in seconds. */
function retryAtOf(response: Response): number {
  const seconds = Number(response.headers.get("retry-after"));
  return seconds > 0 ? Date.now() + seconds * 1000 : 0;
}

/** A proxy that cannot reach the server answers with 502 to 504. */
function proxyCode(status: number): ConnectionCode {
  return status >= 502 && status <= 504 ? "unreachable" : "unexpected_answer";
}
