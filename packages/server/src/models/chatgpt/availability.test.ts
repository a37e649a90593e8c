import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { failureOf } from "../../../test/ask.ts";
import { openAiError, startFakeOpenAi } from "../../../test/fakes/openai.ts";
import { KEY, withFakeOpenAi } from "./chatgpt.fixture.ts";
import { ChatGpt } from "./chatgpt.ts";

describe("ChatGPT's availability", () => {
  const subject = withFakeOpenAi();

  const unavailable = { available: false, reason: expect.any(String), action: expect.any(String) };

  test("without a key: says so and sends no request", async () => {
    const keyless = new ChatGpt({ apiKey: "", baseUrl: subject.fake.url, model: "gpt-5-mini" });
    const availability = await keyless.availability();
    await keyless.close();
    expect(availability).toMatchObject({
      ...unavailable,
      action: expect.stringContaining("OPENAI_API_KEY"),
    });
    expect(availability.models.map(({ id }) => id)).toContain("gpt-4o");
    expect(subject.fake.requests).toEqual([]);
  });

  test("with a wrong key: says so", async () => {
    subject.fake.scenario = {};
    const other = await startFakeOpenAi({ apiKey: "sk-another" });
    subject.model = new ChatGpt({ apiKey: KEY, baseUrl: other.url, model: "gpt-5-mini" });
    const availability = await subject.model.availability();
    await other.close();
    expect(availability).toMatchObject({
      ...unavailable,
      reason: expect.stringMatching(/^OpenAI does not accept the API key\..*\[key\]/),
    });
    expect(JSON.stringify(availability)).not.toContain(KEY);
  });

  test("lists the models that can answer, with windows and prices", async () => {
    const { models } = await subject.model.availability();
    expect(models.map(({ id }) => id)).toEqual(["gpt-5-mini", "gpt-4o-mini"]);
    expect(models[0]).toEqual({
      id: "gpt-5-mini",
      context_window: 272_000,
      price: { input: 0.25, cached_input: 0.025, output: 2, as_of: expect.any(String) },
      capabilities: { images: true, tools: true, reasoning: true },
    });
  });

  test.each([
    ["gpt-5-mini", ["gpt-6.1-terra", "gpt-5-mini"]],
    ["gpt-6.1-terra", ["gpt-6.1-terra", "gpt-4o"]],
    ["gpt-5-mini", ["gpt-4o"]],
  ])("where no model is chosen, asks %s of a key that has %j", async (expected, models) => {
    const other = await startFakeOpenAi({ models });
    const unchosen = new ChatGpt({ apiKey: KEY, baseUrl: other.url });
    await unchosen.availability();
    expect(unchosen.defaultModel).toBe(expected);
    await Promise.all([unchosen.close(), other.close()]);
  });

  test("lists what another server has, though nothing is known of it", async () => {
    const other = await startFakeOpenAi({ models: ["qwen"] });
    subject.model = new ChatGpt({ apiKey: KEY, baseUrl: other.url, model: "qwen" });
    expect(await subject.model.availability()).toEqual({
      available: true,
      models: [{ id: "qwen", context_window: null, price: null }],
    });
    await other.close();
  });

  test.each([
    [403, true],
    [404, true],
    [429, true],
    [501, true],
    [500, false],
    [503, false],
  ])("after status %i is %s", async (status, available) => {
    const { fail } = openAiError(status, { message: "?", type: "?" });
    subject.fake.replay({
      request: "GET /v1/models",
      status,
      contentType: "application/json",
      body: JSON.stringify(fail.body),
    });
    const availability = await subject.model.availability();
    expect(availability.available).toBe(available);
    if (!available) expect(availability).toMatchObject(unavailable);
  });

  test("of a server that says nothing is known within seconds", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    subject.model = new ChatGpt({ apiKey: KEY, baseUrl: `http://127.0.0.1:${port}/v1`, model: "gpt-5-mini" });
    expect(await subject.model.availability()).toMatchObject({
      ...unavailable,
      reason: expect.stringContaining("does not answer"),
    });
    await subject.model.close();
    silent.close();
  });

  test("with a key that cannot be sent", async () => {
    subject.model = new ChatGpt({
      apiKey: "sk-with\na-line",
      baseUrl: subject.fake.url,
      model: "gpt-5-mini",
    });
    expect(await subject.model.availability()).toMatchObject(unavailable);
    const request = { model: "gpt-5-mini", system: "", items: [], contextWindow: 1000, promptTokens: 10 };
    expect((await failureOf(subject.model, request)).code).toBe("provider_unauthorized");
  });
});
