import { describe, expect, test } from "vitest";
import { failureOf } from "../../../test/ask.ts";
import type { ModelRequest } from "../../chat/chat-model.ts";
import { KEY, withFakeOpenAi } from "./chatgpt.fixture.ts";
import { ChatGpt } from "./chatgpt.ts";

const question = (content: string, model = "gpt-5-mini"): ModelRequest => ({
  model,
  system: "",
  items: [{ role: "user", content }],
  contextWindow: 272_000,
  promptTokens: 10,
});

describe("ChatGPT", () => {
  const subject = withFakeOpenAi();

  test.each([
    ["fake-401", "provider_unauthorized", /OPENAI_API_KEY/],
    ["fake-quota", "provider_quota_exceeded", /no credit left.+billing/],
    ["fake-429", "provider_rate_limited", /in 20 seconds/],
    ["fake-unknown", "provider_model_not_found", /no model fake-unknown.+OPENAI_MODEL/],
    [
      "fake-context",
      "provider_context_exceeded",
      /longer than fake-context can read.+smaller context window/,
    ],
    ["fake-refused", "provider_refused", /refused the request.+usage policy/],
    ["fake-500", "provider_failed", /status 500.+Try again/],
    ["fake-503", "provider_overloaded", /too much to do.+Try again/],
    ["fake-cut", "provider_broke_off", /broke before the answer was whole/],
    ["fake-malformed", "provider_failed", /no answer/],
    ["fake-error", "provider_failed", /The model had a fault/],
  ])("reads %s as %s", async (name, code, message) => {
    const error = await failureOf(subject.model, question("Hi", name));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("passes on after how long trying again makes sense", async () => {
    expect((await failureOf(subject.model, question("Hi", "fake-429"))).retryAfter).toBe(20);
  });

  test.each([
    [
      "an error event",
      { type: "error", code: "rate_limit_exceeded", message: "Slow down." },
      "provider_rate_limited",
    ],
    ["an error inside", { type: "error", error: { code: "insufficient_quota" } }, "provider_quota_exceeded"],
    ["a bare error", { type: "error" }, "provider_failed"],
    ["no response", { type: "response.completed" }, "provider_failed"],
    ["a number for text", { type: "response.output_text.delta", delta: 5 }, "provider_broke_off"],
    ["null", null, "provider_broke_off"],
    ["an unknown event", { type: "response.new_thing" }, "provider_broke_off"],
    [
      "a failed response",
      {
        type: "response.failed",
        response: { status: "failed", error: { code: "invalid_prompt", message: "No." } },
      },
      "provider_refused",
    ],
  ])("takes %s in the stream for what it is", async (_, event, code) => {
    subject.fake.scenario = { packets: [`data: ${JSON.stringify(event)}\n\n`] };
    expect((await failureOf(subject.model, question("Hi"))).code).toBe(code);
  });

  test("takes a page for no answer", async () => {
    subject.fake.replay({
      request: "POST /v1/responses",
      status: 200,
      contentType: "text/html",
      body: "<html>Please log in</html>",
    });
    expect((await failureOf(subject.model, question("Hi"))).code).toBe("provider_failed");
  });

  test("says that the address is wrong where there is no such API", async () => {
    const elsewhere = new ChatGpt({ apiKey: KEY, baseUrl: `${subject.fake.origin}/v2`, model: "gpt-5-mini" });
    subject.model = elsewhere;
    expect((await failureOf(subject.model, question("Hi"))).message).toMatch(/no such API.+OPENAI_BASE_URL/);
  });

  test("never shows its key", async () => {
    const message = `The project of ${KEY} has no access.`;
    subject.fake.scenario = { fail: { status: 400, body: { error: { message } } } };
    expect((await failureOf(subject.model, question("Hi"))).message).toContain(
      "The project of [key] has no access.",
    );
  });
});
