import type { AppError } from "../errors/app-error.ts";
import { type Fields, isFields } from "../fields.ts";
import { type ProviderErrorCode, providerFailure } from "./provider-failure.ts";
import { quotable } from "./quotable.ts";
import { parseOrNull } from "./wire-json.ts";

/** An error as a provider reported it, in whatever form. Its values are untrusted. */
export interface ProviderError {
  readonly message: string;
  /** What it is called: codes, types and states, in lower case, those of the innermost error first. */
  readonly names: readonly string[];
  /** A code that is an HTTP status. */
  readonly status: number | null;
  readonly param: string;
  readonly contextWindow: number | null;
}

/** Where errors keep their sentence, the most exact first. */
const MESSAGE_FIELDS = [
  "message",
  "msg",
  "detail",
  "error_description",
  "error_message",
  "reason",
  "description",
  "title",
  "faultstring",
] as const;
/** Where errors keep another error. OpenRouter's and LiteLLM's `metadata.raw` is the upstream provider's body. */
const INNER_FIELDS = ["error", "errors", "fault", "innererror", "inner_error"] as const;
const NAME_FIELDS = ["code", "type", "status", "error_code", "error_type", "statusCode", "reason"] as const;
const MAX_DEPTH = 5;

/** The error in the body of a response that failed, or null if it has none. */
export function errorOfBody(body: unknown): ProviderError | null {
  const error = collect(body, 0);
  return error.message === "" && error.names.length === 0 && error.status === null ? null : error;
}

/** The error in an event of a stream, or in a body with status 200; null if that is no error. */
export function errorOfEvent(value: unknown): ProviderError | null {
  if (Array.isArray(value)) return value.length === 1 ? errorOfEvent(value[0]) : null;
  if (!isFields(value)) return null;
  if (isError(value.error) || value.object === "error" || value.type === "error") return collect(value, 0);
  // FastAPI's and Mistral's bodies have no `error`.
  const isAnswer = "choices" in value || "output" in value || "response" in value || "delta" in value;
  if (isAnswer || "type" in value) return null;
  const says = value.detail !== undefined || typeof value.message === "string" || value.success === false;
  return says || isError(value.errors) ? collect(value, 0) : null;
}

const isError = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  value !== "" &&
  !(typeof value === "object" && Object.keys(value).length === 0);

function collect(value: unknown, depth: number): ProviderError {
  if (typeof value === "string") return { ...NO_ERROR, message: value };
  if (Array.isArray(value)) return collectAll(value, depth);
  if (!isFields(value) || depth > MAX_DEPTH) return NO_ERROR;
  const inner = innerErrors(value).map((error) => collect(error, depth + 1));
  const all = [...inner, ownFields(value)];
  const first = <Value>(pick: (error: ProviderError) => Value | null): Value | null =>
    all.map(pick).find((found) => found !== null) ?? null;
  return {
    // "Provider returned error" says less than the error of that provider.
    message: first((error) => error.message || null) ?? "",
    names: all.flatMap((error) => error.names),
    status: first((error) => error.status),
    param: first((error) => error.param || null) ?? "",
    contextWindow: first((error) => error.contextWindow),
  };
}

function innerErrors(value: Fields): unknown[] {
  const { metadata } = value;
  const raw = isFields(metadata) ? metadata.raw : undefined;
  const upstream = typeof raw === "string" ? (parseOrNull(raw) ?? raw) : raw;
  // FastAPI's `detail` and Mistral's `message` may be lists of wrong fields.
  const nested = MESSAGE_FIELDS.map((name) => value[name]).filter((field) => typeof field === "object");
  return [upstream, ...INNER_FIELDS.map((name) => value[name]), ...nested].filter(isError);
}

function ownFields(value: Fields): ProviderError {
  const message = MESSAGE_FIELDS.map((name) => value[name]).find(
    (field): field is string => typeof field === "string" && field !== "",
  );
  const calls = NAME_FIELDS.map((name) => value[name]);
  const status = calls.map(Number).find((number) => number >= 400 && number < 600);
  const window = value.n_ctx ?? value.max_context_length;
  return {
    message: message ?? "",
    names: calls.flatMap((call) =>
      typeof call === "string" && call !== "error" ? [call.toLowerCase()] : [],
    ),
    status: status ?? null,
    param: paramOf(value),
    contextWindow: isWindow(window) ? window : windowIn(message ?? ""),
  };
}

/** FastAPI lists each wrong field of a request. */
function collectAll(values: readonly unknown[], depth: number): ProviderError {
  const [first = NO_ERROR, ...more] = values.slice(0, 3).map((value) => collect(value, depth + 1));
  const message = [first, ...more].map((error) => error.message).filter((text) => text !== "");
  return { ...first, message: message.join("; ") };
}

/** `param` of OpenAI's errors, `loc` of FastAPI's: `["body", "stream_options", "include_usage"]`. */
function paramOf({ param, loc }: Fields): string {
  if (typeof param === "string") return param;
  if (!Array.isArray(loc)) return "";
  return loc.filter((part) => part !== "body").join(".");
}

const NO_ERROR: ProviderError = { message: "", names: [], status: null, param: "", contextWindow: null };

const isWindow = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0;

/** The window that a sentence names: vLLM, OpenAI, llama.cpp, OpenRouter, Groq. */
function windowIn(message: string): number | null {
  const found =
    /(?:maximum context length (?:is|of)|context length of only|max(?:imum)? (?:model )?context length:?|max_model_len[^\d]{0,20}|available context size \()\s*([\d,]+)/i.exec(
      message,
    )?.[1];
  const window = Number(found?.replaceAll(",", ""));
  return isWindow(window) ? window : null;
}

/**
 * What an error response means. Its body may be anything.
 * @param secrets what must not be quoted
 */
export function failureOfResponse(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  secrets: readonly string[],
): AppError {
  const parsed = parseOrNull(body);
  const error = parsed === null ? plainText(body) : errorOfBody(parsed);
  const code = codeOf(error, status);
  const retryAfter = parseRetryAfter(headers);
  return providerFailure(code, {
    message: quotable(error?.message ?? "", secrets),
    status,
    ...(code === "provider_failed" && status < 500 && { noSuchApi: true }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(error?.param && { param: error.param }),
    ...(error?.contextWindow && { contextWindow: error.contextWindow }),
  });
}

/** What an error inside a stream, or of a response that failed, means. */
export function failureOfError(error: ProviderError, secrets: readonly string[]): AppError {
  const noSuchApi = /unexpected endpoint/i.test(error.message);
  return providerFailure(codeOf(error, error.status), {
    message: quotable(error.message, secrets),
    ...(noSuchApi && { noSuchApi }),
    ...(error.param && { param: error.param }),
    ...(error.contextWindow !== null && { contextWindow: error.contextWindow }),
  });
}

/** A proxy's page is not quoted; a short line of text is. */
function plainText(body: string): ProviderError | null {
  const text = body.trim();
  const isSentence =
    text !== "" && text.length <= 500 && !/^[<{[]/.test(text) && !/^(?:404\b|null$|\d+$)/.test(text);
  return isSentence ? { ...NO_ERROR, message: text } : null;
}

/** What providers call an error, by its code, its type or its state. */
const CODE_BY_PROVIDER_NAME: ReadonlyMap<string, ProviderErrorCode> = new Map([
  ["insufficient_quota", "provider_quota_exceeded"],
  ["insufficient_balance", "provider_quota_exceeded"],
  ["credit_balance_exhausted", "provider_quota_exceeded"],
  ["organization_spend_limit_exceeded", "provider_quota_exceeded"],
  ["project_spend_limit_exceeded", "provider_quota_exceeded"],
  ["organization_usage_limit_exceeded", "provider_quota_exceeded"],
  ["billing_not_active", "provider_quota_exceeded"],
  ["billing_hard_limit_reached", "provider_quota_exceeded"],
  ["billing_error", "provider_quota_exceeded"],
  ["budget_exceeded", "provider_quota_exceeded"],
  ["rate_limit_exceeded", "provider_rate_limited"],
  ["rate_limit_error", "provider_rate_limited"],
  ["rate_limited", "provider_rate_limited"],
  ["too_many_requests", "provider_rate_limited"],
  ["resource_exhausted", "provider_rate_limited"],
  ["throttling_error", "provider_rate_limited"],
  ["invalid_api_key", "provider_unauthorized"],
  ["authentication_error", "provider_unauthorized"],
  ["unauthenticated", "provider_unauthorized"],
  ["invalid_authentication", "provider_unauthorized"],
  ["model_not_found", "provider_model_not_found"],
  ["model_not_available", "provider_model_not_found"],
  ["deploymentnotfound", "provider_model_not_found"],
  ["unknown_model", "provider_model_not_found"],
  ["invalid_model", "provider_model_not_found"],
  ["context_length_exceeded", "provider_context_exceeded"],
  ["exceed_context_size_error", "provider_context_exceeded"],
  ["string_above_max_length", "provider_context_exceeded"],
  ["contextwindowexceedederror", "provider_context_exceeded"],
  ["request_too_large", "provider_context_exceeded"],
  ["invalid_prompt", "provider_refused"],
  ["bio_policy", "provider_refused"],
  ["misalignment_policy_violation", "provider_refused"],
  ["content_filter", "provider_refused"],
  ["content_policy_violation", "provider_refused"],
  ["responsibleaipolicyviolation", "provider_refused"],
  ["server_is_overloaded", "provider_overloaded"],
  ["overloaded_error", "provider_overloaded"],
  ["engine_overloaded", "provider_overloaded"],
  ["slow_down", "provider_overloaded"],
  ["unavailable", "provider_overloaded"],
  // llama.cpp while it loads its model.
  ["unavailable_error", "provider_unavailable"],
]);

/** Codes by the message, where the name says less or nothing. */
const CODE_BY_MESSAGE: readonly (readonly [RegExp, ProviderErrorCode])[] = [
  [
    /maximum context length|context[ _](?:length|window|size)|available context|(?:prompt|input|request|message)s? (?:is |are )?too (?:long|large)|too many (?:input |prompt )?tokens|reduce (?:the length|your (?:message|prompt))/i,
    "provider_context_exceeded",
  ],
  [
    /insufficient (?:balance|credit|funds|quota)|out of credits?|no credit|credit balance|more credits|exceeded your current quota/i,
    "provider_quota_exceeded",
  ],
  [
    /model\b.{0,120}\b(?:not found|does not exist|not (?:a )?valid|not supported by|unknown)|(?:unknown|invalid|no such) model|not a valid model/i,
    "provider_model_not_found",
  ],
];

function codeOf(error: ProviderError | null, httpStatus: number | null): ProviderErrorCode {
  const status = httpStatus === null || httpStatus < 400 ? (error?.status ?? httpStatus) : httpStatus;
  const byText = meaning(error?.message ?? "");
  const named = error?.names
    .map((name) => CODE_BY_PROVIDER_NAME.get(name))
    .find((code) => code !== undefined);
  // Groq calls a request that is larger than a minute's limit a rate limit: waiting does not help.
  if (byText === "provider_context_exceeded" && (named === undefined || status === 413)) return byText;
  if (named !== undefined) return named;
  if (status === 402) return "provider_quota_exceeded";
  if (status === 429) return byText === "provider_quota_exceeded" ? byText : "provider_rate_limited";
  if (status === 413) return "provider_context_exceeded";
  if (status === 401 || status === 407) return "provider_unauthorized";
  if (status === 503 || status === 529) return "provider_overloaded";
  if (byText === "provider_quota_exceeded") return byText;
  if (status !== null && status >= 500) return "provider_failed";
  if (error?.param === "model") return "provider_model_not_found";
  if (byText !== undefined && (status === null || status === 400 || status === 404 || status === 422))
    return byText;
  // A 404 in the API's own words is about the model; any other comes from a server without this API.
  if (status === 404) return isApiError(error) ? "provider_model_not_found" : "provider_failed";
  if (status === 405 || status === 408 || status === null) return "provider_failed";
  return status >= 400 ? "provider_refused" : "provider_failed";
}

const meaning = (message: string): ProviderErrorCode | undefined =>
  CODE_BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];

/** True for more than the "Not Found" that frameworks answer to an unknown path. */
const isApiError = (error: ProviderError | null): boolean =>
  error !== null &&
  !/^(?:(?:file|page|resource|route)?\s*not found|unexpected endpoint.*|cannot (?:get|post) .*|no route.*)\.?$/i.test(
    error.message.trim(),
  );

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
