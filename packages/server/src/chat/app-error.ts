/** Every error that a user of the API can meet. `http/error-table.ts` gives each its status, and docs/reference/errors.md what to do. */
export type ErrorCode =
  | "invalid_request"
  | "not_found"
  | "session_not_found"
  | "turn_not_found"
  | "message_not_found"
  | "unsupported_media_type"
  | "body_too_large"
  | "headers_too_large"
  | "request_too_slow"
  | "unauthenticated"
  | "login_failed"
  | "identity_unavailable"
  | "rate_limited"
  | "too_many_streams"
  | "allowance_used"
  | "storage_limit_reached"
  | "foreign_origin"
  | "foreign_host"
  | "turn_in_progress"
  | "idempotency_mismatch"
  | "retry_refused"
  | "duplicate_message_id"
  | "session_exists"
  | "context_too_small"
  | "storage_unavailable"
  | "storage_damaged"
  | "turn_interrupted"
  | "shutting_down"
  | "provider_unavailable"
  | "provider_overloaded"
  | "provider_rate_limited"
  | "provider_unauthorized"
  | "provider_quota_exceeded"
  | "provider_model_not_found"
  | "provider_context_exceeded"
  | "provider_refused"
  | "provider_silent"
  | "provider_broke_off"
  | "provider_failed"
  | "internal_error";

/** A limit as its user is told of it. */
export interface LimitState {
  /** Which one: `requests`, `streams`, `tokens`, `usd`, `sessions`, `bytes`, with `address-` before an address' own. */
  readonly policy: string;
  readonly quota: number;
  /** Absent: it does not come back by time alone. */
  readonly windowSeconds?: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

interface AppErrorDetails {
  cause?: unknown;
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  /** Which fields of the request are wrong. */
  errors?: { field: string; message: string }[];
  turnId?: string;
  sessionId?: string;
  /** The text that had been shown before the error. */
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
  }
}
