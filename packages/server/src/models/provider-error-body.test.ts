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
