import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOpenAi, startFakeOpenAi } from "./openai.ts";

/** OpenAI's own client is the judge of whether the fake speaks its API. */
describe("the fake OpenAI, called by OpenAI's client", () => {
  let fake: FakeOpenAi;
  let client: OpenAI;

  beforeEach(async () => {
    fake = await startFakeOpenAi();
    client = new OpenAI({ apiKey: "sk-test", baseURL: fake.url, maxRetries: 0 });
  });
  afterEach(() => fake.close());

  test("streams a response in the full order of events", async () => {
    fake.scenario = {
      reasoning: ["Hm."],
      pieces: ["Hello", " you"],
      usage: { input: 9, cached: 4, output: 2 },
    };
    const events: ResponseStreamEvent[] = [];
    for await (const event of await client.responses.create({
      model: "gpt-5-mini",
      input: "Hi",
      stream: true,
    }))
      events.push(event);
    expect(events.map((event) => event.type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  });

  test("streams a response that the client can put together", async () => {
    fake.scenario = { pieces: ["Hello", " you"], usage: { input: 9, cached: 4, output: 2 } };
    const stream = client.responses.stream({ model: "gpt-5-mini", input: "Hi", store: false });
    const response = await stream.finalResponse();
    expect(response.output_text).toBe("Hello you");
    expect(response.status).toBe("completed");
    expect(response.usage).toMatchObject({ input_tokens: 9, input_tokens_details: { cached_tokens: 4 } });
    expect(fake.last.body).toMatchObject({ input: "Hi", store: false, stream: true });
    expect(fake.last.headers.authorization).toBe("Bearer sk-test");
  });

  test("answers whole, and says when an answer was cut at its limit", async () => {
    fake.scenario = { pieces: ["Hello", " you"], finish: "length" };
    const response = await client.responses.create({ model: "gpt-5-mini", input: "Hi" });
    expect(response.output_text).toBe("Hello you");
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
  });

  test("lists its models", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain("gpt-5-mini");
  });

  test.each([
    ["fake-401", OpenAI.AuthenticationError],
    ["fake-quota", OpenAI.RateLimitError],
    ["fake-429", OpenAI.RateLimitError],
    ["fake-unknown", OpenAI.BadRequestError],
    ["fake-500", OpenAI.InternalServerError],
  ])("fails as OpenAI does for the model %s", async (model, kind) => {
    await expect(client.responses.create({ model, input: "Hi" })).rejects.toBeInstanceOf(kind);
  });

  test("refuses to stream if the scenario says so, and answers whole", async () => {
    fake.scenario = { refuseStreaming: true };
    const request = { model: "gpt-5-mini", input: "Hi" };
    await expect(client.responses.create({ ...request, stream: true })).rejects.toMatchObject({
      status: 400,
      param: "stream",
    });
    expect((await client.responses.create(request)).output_text).toBe("Hi");
  });

  test("takes a scenario from the message itself", async () => {
    const input = 'fake {"pieces": ["as ", "told"]}';
    expect((await client.responses.create({ model: "gpt-5-mini", input })).output_text).toBe("as told");
  });

  test("knows when its client has left", async () => {
    const abort = new AbortController();
    const request = { model: "fake-slow", input: "Hi", stream: true } as const;
    const stream = await client.responses.create(request, { signal: abort.signal });
    await stream[Symbol.asyncIterator]().next();
    abort.abort();
    await fake.idle();
    expect(fake.last.outcome).toBe("aborted");
  });
});
