import type { ErrorCode } from "./error-table.ts";

export type { ErrorCode };

/** A limit as the API reports it. */
export interface LimitState {
  /** Its name: `requests`, `streams`, `tokens`, `usd`, `sessions` or `bytes`; an address's begins with `address-`. */
  readonly policy: string;
  readonly quota: number;
  /** Absent: time alone does not reset it. */
  readonly windowSeconds?: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** What is known about a failed call of a model provider. */
export interface ProviderFacts {
  /** The provider's own words, untrusted; or why it could not be reached. */
  readonly message?: string;
  /** HTTP status; absent where no response came. */
  readonly status?: number;
  /** The field of the request that the provider objects to. */
  readonly param?: string;
  /** The model's context window in tokens, where the error says it. */
  readonly contextWindow?: number;
  /** True if the address answers, but has no such API. */
  readonly noSuchApi?: boolean;
  /** True if the connection was closed before any byte of the response. */
  readonly unanswered?: boolean;
}

interface AppErrorDetails {
  cause?: unknown;
  provider?: ProviderFacts;
  /** Seconds to wait before the next try. */
  retryAfter?: number;
  /** Which fields of the request are wrong. */
  errors?: { field: string; message: string }[];
  turnId?: string;
  sessionId?: string;
  /** The text that was shown before the error. */
  response?: string;
  /** The limit that was reached. */
  limit?: LimitState;
}

/** An error for people: `message` says what happened and what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;
  readonly errors: { field: string; message: string }[] | undefined;
  readonly turnId: string | undefined;
  readonly sessionId: string | undefined;
  readonly response: string | undefined;
  readonly limit: LimitState | undefined;
  readonly provider: ProviderFacts | undefined;

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "AppError";
    this.code = code;
    this.retryAfter = details.retryAfter;
    this.errors = details.errors;
    this.turnId = details.turnId;
    this.sessionId = details.sessionId;
    this.response = details.response;
    this.limit = details.limit;
    this.provider = details.provider;
  }
}
