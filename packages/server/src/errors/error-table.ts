interface ErrorEntry {
  readonly status: number;
  readonly title: string;
}

/** Every error of the API: its code, HTTP status and title. docs/reference/errors.md says what to do about each. */
export const ERRORS = {
  invalid_request: { status: 400, title: "The request is not valid" },
  not_found: { status: 404, title: "There is nothing here" },
  session_not_found: { status: 404, title: "No such session" },
  turn_not_found: { status: 404, title: "No such turn" },
  model_not_found: { status: 404, title: "No such model" },
  response_not_found: { status: 404, title: "No such response" },
  previous_response_not_found: { status: 400, title: "The previous response is not stored" },
  conversation_not_found: { status: 404, title: "No such conversation" },
  conversation_locked: { status: 400, title: "A response is in progress" },
  blob_not_found: { status: 404, title: "No such image or file" },
  message_not_found: { status: 404, title: "No such message" },
  unsupported_media_type: { status: 415, title: "Send JSON" },
  headers_too_large: { status: 431, title: "The address or the headers are too large" },
  request_too_slow: { status: 408, title: "The request came too slowly" },
  body_too_large: { status: 413, title: "The request is too large" },
  unauthenticated: { status: 401, title: "Authentication is required" },
  login_failed: { status: 400, title: "The login was not completed" },
  identity_unavailable: { status: 503, title: "The identity provider is away" },
  rate_limited: { status: 429, title: "Too many requests" },
  too_many_streams: { status: 429, title: "Too many answers at once" },
  allowance_used: { status: 429, title: "The day's allowance is used up" },
  storage_limit_reached: { status: 429, title: "There is no room for more" },
  foreign_origin: { status: 403, title: "Requests from this page are refused" },
  foreign_host: { status: 403, title: "Requests by this host name are refused" },
  turn_in_progress: { status: 409, title: "A turn is in progress" },
  idempotency_mismatch: { status: 422, title: "The idempotency key stands for another request" },
  retry_refused: { status: 409, title: "This turn cannot be retried" },
  duplicate_message_id: { status: 409, title: "A message with this id is there already" },
  changed_meanwhile: { status: 409, title: "It was changed meanwhile" },
  session_exists: { status: 409, title: "A session with this id is there already" },
  context_too_small: { status: 422, title: "The context window is too small" },
  storage_unavailable: { status: 503, title: "The memory is away" },
  storage_damaged: { status: 409, title: "The session cannot be read" },
  turn_interrupted: { status: 503, title: "The turn was interrupted" },
  shutting_down: { status: 503, title: "The server is shutting down" },
  provider_unavailable: { status: 503, title: "The provider is not available" },
  provider_overloaded: { status: 503, title: "The provider is busy" },
  provider_rate_limited: { status: 429, title: "The provider's rate limit is reached" },
  provider_unauthorized: { status: 502, title: "The provider refuses the key" },
  provider_quota_exceeded: { status: 502, title: "The provider account has no credit left" },
  provider_model_not_found: { status: 502, title: "The provider does not have this model" },
  provider_context_exceeded: { status: 502, title: "The context is too long for the model" },
  provider_refused: { status: 502, title: "The provider refused the request" },
  provider_silent: { status: 502, title: "The provider fell silent" },
  provider_broke_off: { status: 502, title: "The provider broke off" },
  provider_no_answer: { status: 502, title: "The model gave no answer" },
  provider_failed: { status: 502, title: "The provider failed" },
  internal_error: { status: 500, title: "Something went wrong inside this server" },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
