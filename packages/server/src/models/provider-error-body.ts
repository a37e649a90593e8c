import { type ProviderErrorCode, ProviderFailure } from "./provider-failure.ts";

/** The error object that OpenAI defined and the others took over: `{error: {message, type, param, code}}`. */
export interface ProviderError {
  readonly message: string;
  readonly type: string;
  readonly param: string;
  readonly code: string;
}

const MAX_QUOTED_CHARS = 300;
/** A shorter key is a placeholder (`ollama`), and a word that may rightly occur in a sentence. */
const MIN_SECRET_CHARS = 12;

/** The error in a parsed body or event, null where there is none. Its values are strings, whatever was sent. */
export function findProviderError(value: unknown): ProviderError | null {
  if (typeof value !== "object" || value === null) return null;
  const error = "error" in value ? value.error : "message" in value ? value : null;
  if (error === null || error === undefined) return null;
  if (typeof error !== "object") return { message: String(error), type: "", param: "", code: "" };
  const field = (name: keyof ProviderError): string => {
    const found = (error as Partial<Record<keyof ProviderError, unknown>>)[name];
    return typeof found === "string" ? found : "";
  };
  return { message: field("message"), type: field("type"), param: field("param"), code: field("code") };
}

/** What a response with an error status means. Its body may be anything. */
export function failureOfResponse(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  secret: string,
): ProviderFailure {
  const error = findProviderError(parseOrNull(body));
  const retryAfter = parseRetryAfter(headers);
  return new ProviderFailure(codeOf(error, status), {
    // The words of an authorization error may hold the key that it is about.
    said: status === 401 ? "" : quotable(error?.message ?? "", secret),
    status,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(error?.param && { param: error.param }),
  });
}

/** What an error inside a stream, or of a response that failed, means. */
export const failureOfError = (error: ProviderError, secret: string): ProviderFailure =>
  new ProviderFailure(codeOf(error, null), { said: quotable(error.message, secret) });

/** What providers call an error, by its code or its type. */
const CALLED: ReadonlyMap<string, ProviderErrorCode> = new Map([
  ["insufficient_quota", "provider_quota_exceeded"],
  ["credit_balance_exhausted", "provider_quota_exceeded"],
  ["organization_spend_limit_exceeded", "provider_quota_exceeded"],
  ["project_spend_limit_exceeded", "provider_quota_exceeded"],
  ["organization_usage_limit_exceeded", "provider_quota_exceeded"],
  ["billing_not_active", "provider_quota_exceeded"],
  ["rate_limit_exceeded", "provider_rate_limited"],
  ["invalid_api_key", "provider_unauthorized"],
  ["model_not_found", "provider_model_not_found"],
  ["context_length_exceeded", "provider_context_exceeded"],
  ["exceed_context_size_error", "provider_context_exceeded"],
  ["invalid_prompt", "provider_refused"],
  ["bio_policy", "provider_refused"],
  ["misalignment_policy_violation", "provider_refused"],
  ["server_is_overloaded", "provider_overloaded"],
  ["slow_down", "provider_overloaded"],
  // llama.cpp while it loads its model.
  ["unavailable_error", "provider_unavailable"],
]);

function codeOf(error: ProviderError | null, status: number | null): ProviderErrorCode {
  const called = CALLED.get(error?.code ?? "") ?? CALLED.get(error?.type ?? "");
  if (called !== undefined) return called;
  // vLLM has no code for it.
  if (error !== null && /maximum context length|exceeds the (available )?context/i.test(error.message))
    return "provider_context_exceeded";
  if (status === null || status >= 500)
    return status === 503 || status === 529 ? "provider_overloaded" : "provider_failed";
  if (status === 401) return "provider_unauthorized";
  if (status === 429) return "provider_rate_limited";
  if (error?.param === "model") return "provider_model_not_found";
  // A 404 in the API's own words is about the model; any other comes from a server without this API.
  if (status === 404) return error === null ? "provider_failed" : "provider_model_not_found";
  return status >= 400 ? "provider_refused" : "provider_failed";
}

/** A foreign sentence made fit to be shown: one line, short, without the key. */
function quotable(text: string, secret: string): string {
  const open = secret.length >= MIN_SECRET_CHARS ? text.replaceAll(secret, "[key]") : text;
  const line = open
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return line.length > MAX_QUOTED_CHARS ? `${line.slice(0, MAX_QUOTED_CHARS).trimEnd()}…` : line;
}

function parseRetryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const milliseconds = Number(headers["retry-after-ms"]);
  if (milliseconds > 0) return Math.ceil(milliseconds / 1000);
  const value = headers["retry-after"];
  if (typeof value !== "string") return undefined;
  const seconds = Number(value);
  if (seconds > 0) return Math.ceil(seconds);
  const untilDate = Math.ceil((Date.parse(value) - Date.now()) / 1000);
  return untilDate > 0 ? untilDate : undefined;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
