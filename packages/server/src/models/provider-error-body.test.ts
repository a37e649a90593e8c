import { expect, test } from "vitest";
import { recorded } from "../../test/fakes/recorded.ts";
import { failureOfResponse } from "./provider-error-body.ts";

const failure = (status: number, body: unknown, headers: Record<string, string> = {}, ...secrets: string[]) =>
  failureOfResponse(status, headers, typeof body === "string" ? body : JSON.stringify(body), secrets);

test.each([
  [401, { error: { message: "Incorrect API key", code: "invalid_api_key" } }, "provider_unauthorized"],
  [401, "", "provider_unauthorized"],
  [403, { error: { message: "Country not supported", code: "unsupported_country" } }, "provider_refused"],
  [403, { error: { message: "No access", code: "model_not_found" } }, "provider_model_not_found"],
  [
    429,
    { error: { message: "No credit", type: "insufficient_quota", code: null } },
    "provider_quota_exceeded",
  ],
  [
    429,
    { error: { message: "?", type: "insufficient_quota", code: "project_spend_limit_exceeded" } },
    "provider_quota_exceeded",
  ],
  [
    429,
    { error: { message: "?", type: "requests", code: "credit_balance_exhausted" } },
    "provider_quota_exceeded",
  ],
  [429, { error: { message: "?", code: "billing_not_active" } }, "provider_quota_exceeded"],
  [429, { error: { message: "Slow down", code: "rate_limit_exceeded" } }, "provider_rate_limited"],
  [429, "<html>Too many requests</html>", "provider_rate_limited"],
  [400, { error: { message: "no such model", param: "model" } }, "provider_model_not_found"],
  [404, { error: { message: "no such model", code: "model_not_found" } }, "provider_model_not_found"],
  [404, "404 page not found", "provider_failed"],
  [400, { error: { message: "too long", code: "context_length_exceeded" } }, "provider_context_exceeded"],
  [
    400,
    { error: { code: 400, message: "?", type: "exceed_context_size_error" } },
    "provider_context_exceeded",
  ],
  [
    400,
    { object: "error", message: "This model's maximum context length is 4096 tokens." },
    "provider_context_exceeded",
  ],
  [400, { error: { message: "bad temperature", param: "temperature" } }, "provider_refused"],
  [422, { detail: "?" }, "provider_refused"],
  [503, { error: { message: "Loading model", type: "unavailable_error" } }, "provider_unavailable"],
  [503, { error: { message: "server busy" } }, "provider_overloaded"],
  [529, "", "provider_overloaded"],
  [500, { error: "a text" }, "provider_failed"],
  [502, "<html>Bad gateway</html>", "provider_failed"],
  [301, "", "provider_failed"],
])("status %i with %j is %s", (status, body, code) => {
  expect(failure(status, body).code).toBe(code);
});

test.each([
  [
    "TGI",
    422,
    { error: "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000" },
    4096,
  ],
  [
    "TGI",
    422,
    { error: "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000" },
    4096,
  ],
  [
    "SGLang",
    400,
    { message: "The input (5000 tokens) is longer than the model's context length (4096 tokens)." },
    4096,
  ],
  [
    "vLLM",
    400,
    { message: "The prompt (total length 5000) is longer than the maximum model length of 4096." },
    4096,
  ],
  [
    "vLLM",
    400,
    { message: "'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens" },
    4096,
  ],
  [
    "xAI",
    400,
    { error: "This model's maximum prompt length is 131072 but the request contains 200000." },
    131_072,
  ],
  [
    "Gemini",
    400,
    [
      {
        error: {
          message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        },
      },
    ],
    1_048_576,
  ],
  ["Anthropic", 400, { error: { message: "prompt is too long: 210000 tokens > 200000 maximum" } }, 200_000],
  [
    "Mistral",
    400,
    { message: "Prompt contains 40000 tokens, too large for model with 32768 maximum context length" },
    32_768,
  ],
  ["Moonshot", 400, { error: { message: "Your request exceeded model token limit: 262144" } }, 262_144],
  [
    "Copilot",
    400,
    {
      error: {
        message: "prompt token count of 130000 exceeds the limit of 128000",
        code: "model_max_prompt_tokens_exceeded",
      },
    },
    128_000,
  ],
  ["TabbyAPI", 400, { detail: "Prompt length 5000 is greater than max_seq_len 4096" }, 4096],
  ["DashScope", 400, { message: "Range of input length should be [1, 30720]" }, 30_720],
  [
    "Cerebras",
    400,
    { code: "context_length_exceeded", message: "Current length is 9000 while limit is 8192" },
    8192,
  ],
  ["GitHub", 413, { error: { code: "tokens_limit_reached", message: "Max size: 8000 tokens." } }, 8000],
  ["LM Studio", 400, { error: "However, the model is loaded with context length of only 4096 tokens" }, 4096],
])("%s's words for a prompt that is too long (%i, %j) name the window", (_, status, body, contextWindow) => {
  expect(failure(status, body)).toMatchObject({
    code: "provider_context_exceeded",
    provider: { contextWindow },
  });
});

test.each([
  [400, { error: { message: "API key not valid.", status: "INVALID_ARGUMENT" } }, "provider_unauthorized"],
  [400, { error: { message: "?", details: [{ reason: "API_KEY_INVALID" }] } }, "provider_unauthorized"],
  [403, { error: { message: "Key limit exceeded (total limit)." } }, "provider_quota_exceeded"],
  [403, { error: "Your team doesn't have any credits yet." }, "provider_quota_exceeded"],
  [
    500,
    { type: "error", error: { type: "api_error", message: "insufficient balance (1008)" } },
    "provider_quota_exceeded",
  ],
  [429, { error: { code: "1113", message: "余额不足或无可用资源包,请充值。" } }, "provider_quota_exceeded"],
  [
    429,
    { error: { message: "Request too large on tokens per min: Limit 30000.", code: "rate_limit_exceeded" } },
    "provider_context_exceeded",
  ],
  [429, { message: "Too many tokens, please wait before trying again." }, "provider_rate_limited"],
  [429, { error: "Model is overloaded", error_type: "overloaded" }, "provider_overloaded"],
  [400, { __type: "ThrottlingException", message: "Rate exceeded" }, "provider_rate_limited"],
  [503, { error: "Model Qwen/Qwen3-8B is currently loading", estimated_time: 20 }, "provider_unavailable"],
  [498, { error: { message: "Flex tier capacity exceeded" } }, "provider_overloaded"],
  [400, { code: "DataInspectionFailed", message: "Output may contain ..." }, "provider_refused"],
  [
    400,
    { error: { message: "The max_tokens value is invalid", type: "invalid_request_error" } },
    "provider_refused",
  ],
])("status %i with %j means %s", (status, body, code) => {
  expect(failure(status, body).code).toBe(code);
});

test.each([
  ["Rate limit reached. Please try again in 7.66s. Visit the console.", 8],
  ["Please try again in 1m30s", 90],
  ["Please try again in 1h2m3s.", 3723],
  ["Please try again in 6ms.", 1],
  ["Please retry in 34.07s.", 34 + 1],
  ["Please retry after 20 seconds.", 20],
  ["Please try again in 9999h.", 86_400],
  ["Try again in a minute", undefined],
])("%s: %s seconds", (message, seconds) => {
  expect(failure(429, { error: { message } }).retryAfter).toBe(seconds);
  expect(failure(429, { error: { message } }, { "retry-after": "3" }).retryAfter).toBe(3);
});

test.each([
  [
    400,
    "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model",
    "provider_refused",
  ],
  [400, "Range of max_tokens should be [1, 8192]", "provider_refused"],
  [
    400,
    "max_tokens: 9000 > 8192, which is the maximum number of output tokens allowed (8192)",
    "provider_refused",
  ],
  [413, "Request too large, limit is 10 MB", "provider_context_exceeded"],
  [413, "The request exceeds the limit of 1048576 bytes", "provider_context_exceeded"],
  [413, "Content length is over the limit of 1048576", "provider_context_exceeded"],
  [400, "Message too long: its length must be less than 32000 characters", "provider_context_exceeded"],
  [400, "This model's maximum context length is 8 tokens", "provider_context_exceeded"],
])("status %i with %j names no window (%s)", (status, message, code) => {
  const error = failure(status, { error: { message, type: "invalid_request_error" } });
  expect(error.code).toBe(code);
  expect(error.provider).not.toHaveProperty("contextWindow");
});

test.each([
  ["string_too_long", "String should have at most 1000 characters", "provider_refused"],
  ["list_too_long", "List should have at most 128 items", "provider_refused"],
  ["prompt_too_long", "?", "provider_context_exceeded"],
  ["input_is_too_long", "?", "provider_context_exceeded"],
])("a field that is %s (%s) is %s", (type, msg, code) => {
  const body = {
    detail: [{ type, loc: ["body", "messages", 0, "content"], msg, ctx: { max_length: 1000 } }],
  };
  expect(failure(422, body).code).toBe(code);
});

test("a server that timed out is not said to have no such API", () => {
  expect(failure(408, { error: { message: "Request timed out" } }).provider).not.toHaveProperty("noSuchApi");
});

test("Gemini's sentence is quoted, not the name of its reason", () => {
  const error = {
    code: 400,
    message: "API key not valid. Please pass a valid API key.",
    status: "INVALID_ARGUMENT",
    details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
  };
  expect(failure(400, [{ error }])).toMatchObject({
    code: "provider_unauthorized",
    provider: { message: error.message },
  });
  expect(failure(400, [{ error: { ...error, message: undefined } }]).provider?.message).toBe(
    "API_KEY_INVALID",
  );
});

test("what a real Ollama answers", () => {
  const unknown = recorded("chat-completions-unknown-model");
  expect(failure(unknown.status, unknown.body)).toMatchObject({
    code: "provider_model_not_found",
    provider: { message: "model 'nope:1b' not found" },
  });
  const bad = recorded("bad-json");
  expect(failure(bad.status, bad.body)).toMatchObject({
    code: "provider_refused",
    provider: { message: "unexpected EOF" },
  });
});

test.each([
  [{ "retry-after": "20" }, 20],
  [{ "retry-after": "0.2" }, 1],
  [{ "retry-after-ms": "1500", "retry-after": "9" }, 2],
  [{ "retry-after": new Date(Date.now() + 30_000).toUTCString() }, 30],
  [{ "retry-after": "Mon, 01 Jan 2001 00:00:00 GMT" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "Infinity" }, 86_400],
  [{ "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" }, 86_400],
  [{ "retry-after": "-3" }, undefined],
  [{}, undefined],
])("%j is to wait %s seconds", (headers, seconds) => {
  const { retryAfter } = failure(429, "", headers);
  if (seconds === 30) expect(retryAfter).toBeGreaterThanOrEqual(29);
  else expect(retryAfter).toBe(seconds);
});

test("quotes a foreign sentence in one short line", () => {
  const message = `one\n\u0000two\u202e\t${"long ".repeat(100)}`;
  const quoted = failure(500, { error: { message } }).provider?.message ?? "";
  expect(quoted.startsWith("one two long")).toBe(true);
  expect(quoted.length).toBeLessThanOrEqual(301);
  expect(quoted).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test("never quotes the key", () => {
  const secret = "sk-proj-abcdefghijkl";
  const body = { error: { message: `The key ${secret} may not do this` } };
  expect(failure(400, body, {}, secret).provider?.message).toBe("The key [key] may not do this");
  expect(
    failure(401, { error: { message: "Incorrect API key provided: sk-proj-******jkl" } }).provider?.message,
  ).toBe("Incorrect API key provided: [key]");
});

test.each([null, 1, [], { error: null }, { error: [] }, { error: { message: 5, code: {} } }])(
  "takes %j for an error",
  (body) => {
    expect(failure(500, body)).toMatchObject({ code: "provider_failed", provider: { message: "" } });
  },
);
