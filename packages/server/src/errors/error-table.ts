interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  /** True if the same request can succeed later. */
  readonly retry: boolean;
  readonly advice: string;
}

/** Every error of the API by its code. The table in docs/reference/errors.md is held to this one by a test. */
export const ERRORS = {
  invalid_request: {
    status: 400,
    title: "The request is not valid",
    retry: false,
    advice: "Correct the fields that `errors` names.",
  },
  not_found: {
    status: 404,
    title: "There is nothing here",
    retry: false,
    advice: "`/docs` lists all of them.",
  },
  session_not_found: {
    status: 404,
    title: "No such session",
    retry: false,
    advice: "List the sessions, or begin a new one.",
  },
  turn_not_found: {
    status: 404,
    title: "No such turn",
    retry: false,
    advice: "Check the turn's id and the session's.",
  },
  unsupported_parameter: {
    status: 400,
    title: "This is not supported",
    retry: false,
    advice: "Leave out the field that `param` names.",
  },
  model_not_found: {
    status: 404,
    title: "No such model",
    retry: false,
    advice: "`GET /v1/models` lists the names.",
  },
  response_not_found: { status: 404, title: "No such response", retry: false, advice: "Create another one." },
  previous_response_not_found: {
    status: 400,
    title: "The previous response is not stored",
    retry: false,
    advice: "Send the whole conversation.",
  },
  conversation_not_found: {
    status: 404,
    title: "No such conversation",
    retry: false,
    advice: "Create another one.",
  },
  conversation_locked: {
    status: 400,
    title: "A response is in progress",
    retry: true,
    advice: "Send the request again; OpenAI's SDKs do so by themselves.",
  },
  websocket_connection_limit_reached: {
    status: 400,
    title: "The connection is too old",
    retry: true,
    advice: "Open another connection.",
  },
  blob_not_found: {
    status: 404,
    title: "No such image or file",
    retry: false,
    advice: "Take the id from the parts of the session's items.",
  },
  message_not_found: {
    status: 404,
    title: "No such message",
    retry: false,
    advice: "Take the id from the session's messages.",
  },
  note_not_found: {
    status: 404,
    title: "No such note",
    retry: false,
    advice: "Take the id from `GET /notes`.",
  },
  unsupported_media_type: {
    status: 415,
    title: "Send JSON",
    retry: false,
    advice: "Send uncompressed JSON with `Content-Type: application/json`.",
  },
  headers_too_large: {
    status: 431,
    title: "The address or the headers are too large",
    retry: false,
    advice: "Shorten them.",
  },
  request_too_slow: {
    status: 408,
    title: "The request came too slowly",
    retry: true,
    advice: "Send it faster, or less at once.",
  },
  body_too_large: {
    status: 413,
    title: "The request is too large",
    retry: false,
    advice: "Send less at once.",
  },
  unauthenticated: {
    status: 401,
    title: "Authentication is required",
    retry: false,
    advice: "Log in, or send a valid key or token.",
  },
  login_failed: { status: 400, title: "The login was not completed", retry: false, advice: "Log in again." },
  identity_unavailable: {
    status: 503,
    title: "The identity provider is away",
    retry: true,
    advice: "Try again in a moment.",
  },
  rate_limited: {
    status: 429,
    title: "Too many requests",
    retry: true,
    advice: "Wait as long as `Retry-After` says.",
  },
  too_many_streams: {
    status: 429,
    title: "Too many answers at once",
    retry: true,
    advice: "Wait until one has ended, or cancel one.",
  },
  allowance_used: {
    status: 429,
    title: "The day's allowance is used up",
    retry: true,
    advice: "Wait as long as `Retry-After` says.",
  },
  storage_limit_reached: {
    status: 429,
    title: "There is no room for more",
    retry: false,
    advice: "Delete a session or a note, or wait until a session has expired.",
  },
  foreign_origin: {
    status: 403,
    title: "Requests from this page are refused",
    retry: false,
    advice: "Open the page as http://localhost:3000, or set `ALLOWED_ORIGINS`.",
  },
  foreign_host: {
    status: 403,
    title: "Requests by this host name are refused",
    retry: false,
    advice: "Call it as localhost or 127.0.0.1, or set `PUBLIC_URL`.",
  },
  turn_in_progress: {
    status: 409,
    title: "A turn is in progress",
    retry: true,
    advice: "Follow it, wait for its end, or cancel it.",
  },
  idempotency_mismatch: {
    status: 422,
    title: "The idempotency key stands for another request",
    retry: false,
    advice: "Use a new key for a new request.",
  },
  retry_refused: {
    status: 409,
    title: "This turn cannot be retried",
    retry: false,
    advice: "Send the message as a new turn.",
  },
  duplicate_message_id: {
    status: 409,
    title: "A message with this id is there already",
    retry: false,
    advice: "Leave it out if it is the same message, or choose another id.",
  },
  changed_meanwhile: {
    status: 409,
    title: "It was changed meanwhile",
    retry: false,
    advice: "Read it again, and repeat your change.",
  },
  session_exists: {
    status: 409,
    title: "A session with this id is there already",
    retry: false,
    advice: "Choose another `session_id`, or delete that session first.",
  },
  context_too_small: {
    status: 422,
    title: "The context window is too small",
    retry: false,
    advice: "Shorten them, or raise `context_tokens`.",
  },
  storage_unavailable: {
    status: 503,
    title: "The memory is away",
    retry: true,
    advice:
      'Try again in a moment, with an `Idempotency-Key` to be safe. Stateless turns (`"mode": "stateless"`) are still answered.',
  },
  storage_damaged: {
    status: 409,
    title: "The session cannot be read",
    retry: false,
    advice: "Delete the session, or use another id; for a newer version, upgrade the server.",
  },
  turn_interrupted: {
    status: 503,
    title: "The turn was interrupted",
    retry: true,
    advice: "Try again (`retry_of`).",
  },
  shutting_down: {
    status: 503,
    title: "The server is shutting down",
    retry: true,
    advice: "Try again in a moment.",
  },
  provider_unavailable: {
    status: 503,
    title: "The provider is not available",
    retry: true,
    advice: "Do what `detail` says, or choose another provider.",
  },
  provider_overloaded: {
    status: 503,
    title: "The provider is busy",
    retry: true,
    advice: "Try again in a moment, or choose another provider.",
  },
  provider_rate_limited: {
    status: 429,
    title: "The provider's rate limit is reached",
    retry: true,
    advice: "Wait as long as `Retry-After` says, or choose another provider.",
  },
  provider_unauthorized: {
    status: 502,
    title: "The provider refuses the key",
    retry: false,
    advice: "Set a valid one and restart the server.",
  },
  provider_quota_exceeded: {
    status: 502,
    title: "The provider account has no credit left",
    retry: false,
    advice: "Add credit or raise the limit, or choose another provider.",
  },
  provider_model_not_found: {
    status: 502,
    title: "The provider does not have this model",
    retry: false,
    advice: "Choose another model, or install it (`ollama pull NAME`).",
  },
  provider_context_exceeded: {
    status: 502,
    title: "The context is too long for the model",
    retry: false,
    advice: "Set a smaller context window, or start a new session.",
  },
  provider_refused: {
    status: 502,
    title: "The provider refused the request",
    retry: false,
    advice: "Change the message, the model or the settings.",
  },
  provider_silent: {
    status: 502,
    title: "The provider sent nothing",
    retry: true,
    advice: "Try again, or choose another provider.",
  },
  provider_broke_off: {
    status: 502,
    title: "The provider broke off",
    retry: true,
    advice: "Try again (`retry_of`).",
  },
  provider_no_answer: {
    status: 502,
    title: "The model gave no answer",
    retry: true,
    advice: "Try again (`retry_of`), or choose another model.",
  },
  provider_failed: {
    status: 502,
    title: "The provider failed",
    retry: true,
    advice: "Try again, or check the provider's address.",
  },
  internal_error: {
    status: 500,
    title: "Something went wrong inside this server",
    retry: true,
    advice: "Try again; the server's log has the details.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
