import { MIN_CONTEXT_WINDOW } from "../chat/chat-model.ts";
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
  "error_msg",
  "status_msg",
  "reason",
  "description",
  "title",
  "faultstring",
] as const;
/**
 * Where errors keep another error. OpenRouter's and LiteLLM's `metadata.raw` is the upstream provider's body; Google's
 * `details` have the reason, such as `API_KEY_INVALID`; MiniMax has `base_resp` in every answer.
 */
const INNER_FIELDS = ["error", "errors", "fault", "innererror", "inner_error", "base_resp"] as const;
const NAME_FIELDS = [
  "code",
  "type",
  "__type",
  "status",
  "error_code",
  "error_type",
  "statusCode",
  "reason",
] as const;
/** A name, where a sentence should be. */
const CONSTANT = /^[A-Z]+(?:_[A-Z]+)+$/;
const MAX_DEPTH = 5;

/** The error in the body of a response that failed, or null if it has none. */
function errorOfBody(body: unknown): ProviderError | null {
  const error = collect(body, 0);
  return error.message === "" && error.names.length === 0 && error.status === null ? null : error;
}

/** The error in an event of a stream, or in a body with status 200; null if that is no error. */
export function errorOfEvent(value: unknown): ProviderError | null {
  if (Array.isArray(value)) return value.length === 1 ? errorOfEvent(value[0]) : null;
  if (!isFields(value)) return null;
  if (isError(value.error) || value.object === "error" || value.type === "error") return collect(value, 0);
  if (isFields(value.base_resp) && Number(value.base_resp.status_code) > 0) return collect(value, 0);
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
  if (typeof value === "string") return sentence(value);
  if (Array.isArray(value)) return collectAll(value, depth);
  if (!isFields(value) || depth > MAX_DEPTH) return NO_ERROR;
  const inner = innerErrors(value).map((error) => collect(error, depth + 1));
  const all = [...inner, ownFields(value)];
  const first = <Value>(pick: (error: ProviderError) => Value | null): Value | null =>
    all.map(pick).find((found) => found !== null) ?? null;
  return {
    // "Provider returned error" says less than the error of that provider, but `API_KEY_INVALID` less than a sentence.
    message:
      first(({ message }) => (CONSTANT.test(message) ? null : message || null)) ??
      first(({ message }) => message || null) ??
      "",
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
  const details = Array.isArray(value.details) ? value.details : null;
  return [upstream, ...INNER_FIELDS.map((name) => value[name]), details, ...nested].filter(isError);
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
      typeof call === "string" && call !== "error" && !/\s/.test(call) ? [call.toLowerCase()] : [],
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

const sentence = (message: string): ProviderError => ({
  ...NO_ERROR,
  message,
  contextWindow: windowIn(message),
});

const isWindow = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= MIN_CONTEXT_WINDOW;

/** Where a sentence names the window, with the words of vLLM, SGLang, llama.cpp, xAI, LM Studio and others. */
const WINDOW =
  /(?:context (?:length|window|size|limit)|max(?:imum)? (?:model|prompt|sequence|input) length|max_(?:model|seq)_\w+)\D{0,24}([\d,]+)/i;

/** Where a sentence about tokens may name it, with the words of TGI, Gemini, Anthropic and others. */
const LIMITS = [
  /(?:tokens allowed|token limit|max size|must be <=|less than|limit (?:of|is))\D{0,24}([\d,]+)/i,
  /([\d,]+) max(?:imum)?\b/i,
  /\[\d+, ?(\d+)\]/,
];

/** Sentences about the length of an answer, or of a body. */
const OTHER_LIMIT =
  /max_?(?:completion_?|output_?)?tokens\b|(?:output|completion) tokens?\b|\d ?(?:[kmg]i?b|bytes|characters)\b|content.length/i;

function windowIn(message: string): number | null {
  const isOfTokens = /token|context|length/i.test(message) && !OTHER_LIMIT.test(message);
  const found = [WINDOW, ...(isOfTokens ? LIMITS : [])]
    .map((pattern) => pattern.exec(message)?.[1])
    .find((number) => number !== undefined);
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
  const retryAfter = parseRetryAfter(headers) ?? retryIn(error?.message ?? "");
  return providerFailure(code, {
    message: quotable(error?.message ?? "", secrets),
    status,
    ...(code === "provider_failed" && status < 500 && status !== 408 && { noSuchApi: true }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(error?.param && { param: error.param }),
    ...(error?.contextWindow && { contextWindow: error.contextWindow }),
  });
}

/**
 * What an error inside a stream, or of a response that failed, means.
 * @param hasBegun true if some of an answer has come: the request was taken. The failure then has nothing by which a
 * request is repeated in another way: a refused field, a refusing status, a missing API
 */
export function failureOfError(
  error: ProviderError,
  secrets: readonly string[],
  hasBegun: boolean,
): AppError {
  const { status, param } = error;
  const noSuchApi = !hasBegun && /unexpected endpoint/i.test(error.message);
  return providerFailure(codeOf(error, status), {
    message: quotable(error.message, secrets),
    ...(status !== null && !(hasBegun && status < 500) && { status }),
    ...(noSuchApi && { noSuchApi }),
    ...(param && !hasBegun && { param }),
    ...(error.contextWindow !== null && { contextWindow: error.contextWindow }),
  });
}

/** What a body means that should have been an answer, or the rest of one. */
export function failureOfBody(body: unknown, secrets: readonly string[], hasBegun: boolean): AppError {
  const error = errorOfBody(body);
  return error === null ? providerFailure("provider_failed") : failureOfError(error, secrets, hasBegun);
}

/** A proxy's page is not quoted; a short line of text is. */
function plainText(body: string): ProviderError | null {
  const text = body.trim();
  const isSentence =
    text !== "" && text.length <= 500 && !/^[<{[]/.test(text) && !/^(?:404\b|null$|\d+$)/.test(text);
  return isSentence ? sentence(text) : null;
}

type Meanings = readonly (readonly [RegExp, ProviderErrorCode])[];

/** What providers call an error, by its code, its type or its state, in lower case. The first that fits holds. */
const CODE_BY_NAME: Meanings = [
  // llama.cpp while it loads its model.
  [/^unavailable_error$|model_?not_?ready/, "provider_unavailable"],
  [
    /insufficient_(?:quota|balance|credit)|current_quota|credit_balance|spend_limit|usage_limit|billing|budget|arrear/,
    "provider_quota_exceeded",
  ],
  [/rate_?limit|too_?many_?requests|throttl|resource_?exhausted|burst_rate/, "provider_rate_limited"],
  [/api_?key|authenticat|unauthori[sz]ed|invalid_?token/, "provider_unauthorized"],
  [
    /model_?not|(?:unknown|invalid|no_such)_?model|not_?supported_?model|deployment_?not_?found/,
    "provider_model_not_found",
  ],
  [
    /context_?(?:length|window|size)|request_too_large|above_max_length|tokens?_(?:limit|exceeded)|prompt_tokens|(?:prompt|input|context|request)s?_(?:is_)?too_long/,
    "provider_context_exceeded",
  ],
  [/content_?filter|policy|moderation|inspection|responsibleai|invalid_prompt/, "provider_refused"],
  [/overload|slow_down|capacity|^(?:service_?)?unavailable$/, "provider_overloaded"],
];

/** Codes by the message, where the name says less or nothing. */
const CODE_BY_MESSAGE: Meanings = [
  // About the length of the answer: a shorter prompt does not help.
  [
    /max_(?:completion_|output_)?tokens\W{0,3}(?:must be less|must be <|should be|\d+ >)/i,
    "provider_refused",
  ],
  [
    /maximum context length|context[ _](?:length|window|size|limit)|available context|(?:prompt|input|request|message)s? (?:is |are )?too (?:long|large)|too many (?:input |prompt )?tokens|reduce (?:the length|your (?:message|prompt))|max(?:imum)? (?:model|prompt|sequence|input) length|max_(?:model|seq)_len|max_new_tokens`? must|`inputs` must have less|token limit|tokens allowed|prompt token count|range of input length|超出.{0,10}(?:长度|上下文)|(?:prompt|输入).{0,6}(?:超长|过长)/i,
    "provider_context_exceeded",
  ],
  [
    /insufficient[ _](?:balance|credit|funds|quota)|out of credits?|no credit|any credits|credit balance|more credits|exceeded your current quota|key limit exceeded|余额不足|欠费/i,
    "provider_quota_exceeded",
  ],
  [
    /\b(?:api[ _-]?(?:key|token)|access token|credentials?)\b.{0,40}\b(?:invalid|expired|incorrect|wrong|missing|not (?:valid|found|provided))|(?:invalid|incorrect|wrong|missing|no valid|not a valid) (?:api[ _-]?(?:key|token)|access token|credentials?)/i,
    "provider_unauthorized",
  ],
  [
    /model\b.{0,120}\b(?:not found|does not exist|not (?:a )?valid|not supported by|unknown|decommissioned)|(?:unknown|invalid|no such) model|not a valid model|模型不存在/i,
    "provider_model_not_found",
  ],
  [/\bloading (?:the )?model|model\b.{0,80}\b(?:loading|not ready)/i, "provider_unavailable"],
  [/rate limit|too many requests/i, "provider_rate_limited"],
  [/overloaded|at capacity|no capacity/i, "provider_overloaded"],
];

function codeOf(error: ProviderError | null, httpStatus: number | null): ProviderErrorCode {
  const status = httpStatus === null || httpStatus < 400 ? (error?.status ?? httpStatus) : httpStatus;
  const message = error?.message ?? "";
  const byText = meaning(CODE_BY_MESSAGE, message);
  const named = error?.names.map((name) => meaning(CODE_BY_NAME, name)).find((code) => code !== undefined);
  // OpenAI and Groq call a request that is larger than a minute's limit a rate limit: waiting does not help. Others
  // call it too many tokens, and waiting does.
  const limited = status === 429 || named === "provider_rate_limited";
  if (byText === "provider_context_exceeded") {
    if (limited ? /too large|reduce/i.test(message) : named === undefined) return byText;
  }
  if (named !== undefined) return named;
  if (status === 402) return "provider_quota_exceeded";
  if (status === 429)
    return byText === "provider_quota_exceeded" || byText === "provider_overloaded"
      ? byText
      : "provider_rate_limited";
  if (status === 413) return "provider_context_exceeded";
  if (status === 401 || status === 407) return "provider_unauthorized";
  if (byText === "provider_unavailable") return byText;
  if (status === 503 || status === 529 || status === 498) return "provider_overloaded";
  if (byText === "provider_quota_exceeded") return byText;
  if (status !== null && status >= 500) return "provider_failed";
  if (error?.param === "model") return "provider_model_not_found";
  if (byText !== undefined) return byText;
  // A 404 in the API's own words is about the model; any other comes from a server without this API.
  if (status === 404) return isApiError(error) ? "provider_model_not_found" : "provider_failed";
  if (status === 405 || status === 408 || status === null) return "provider_failed";
  return status >= 400 ? "provider_refused" : "provider_failed";
}

const meaning = (meanings: Meanings, text: string): ProviderErrorCode | undefined =>
  meanings.find(([pattern]) => pattern.test(text))?.[1];

/** True for more than the "Not Found" that frameworks answer to an unknown path. */
const isApiError = (error: ProviderError | null): boolean =>
  error !== null &&
  !/^(?:(?:file|page|resource|route)?\s*not found|unexpected endpoint.*|cannot (?:get|post) .*|no route.*)\.?$/i.test(
    error.message.trim(),
  );

/** Seconds that a sentence names: OpenAI's, Groq's and Gemini's "try again in 1m30s", "retry in 34.07s". */
function retryIn(message: string): number | undefined {
  const found =
    /\b(?:try again|retry) (?:in|after) (?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?) ?(ms|s)\w*)?/i.exec(
      message,
    );
  const [, hours = 0, minutes = 0, number = 0, unit] = found ?? [];
  return waitOf(Number(hours) * 3600 + Number(minutes) * 60 + Number(number) / (unit === "ms" ? 1000 : 1));
}

function parseRetryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const exact = waitOf(Number(headers["retry-after-ms"]) / 1000);
  const value = headers["retry-after"];
  if (exact !== undefined || typeof value !== "string") return exact;
  return waitOf(Number(value)) ?? waitOf((Date.parse(value) - Date.now()) / 1000);
}

const MAX_WAIT_SECONDS = 86_400;

/** Whole seconds; undefined for what is no time to wait. */
const waitOf = (seconds: number): number | undefined =>
  seconds > 0 ? Math.min(Math.ceil(seconds), MAX_WAIT_SECONDS) : undefined;
