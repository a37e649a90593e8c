import type { ResponseInputItem } from "openai/resources/responses/responses";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AnswerRecorder } from "../../../test/answer-recorder.ts";
import { ask, failureOf } from "../../../test/ask.ts";
import { type FakeOpenAi, itemsOfInput, startFakeOpenAi } from "../../../test/fakes/openai.ts";
import type { ModelRequest } from "../../chat/chat-model.ts";
import { describeChatModel } from "../chat-model.contract.ts";
import { ChatGpt } from "./chatgpt.ts";

const KEY = "sk-proj-a-secret-that-nobody-sees";
const question = (content: string, model = "gpt-5-mini"): ModelRequest => ({
  model,
  system: "",
  items: [{ role: "user", content }],
  contextWindow: 272_000,
  promptTokens: 10,
});

describeChatModel("ChatGPT", async () => {
  const fake = await startFakeOpenAi({ apiKey: KEY });
  return {
    model: new ChatGpt({ apiKey: KEY, baseUrl: fake.url, model: "gpt-5-mini" }),
    questions: [question("What is one?"), question("What is two?")],
    slowQuestion: question("Go on", "fake-slow"),
    questionAbout: question,
    answeredWith: (scenario) => {
      fake.scenario = scenario;
      return question("Hi");
    },
    received: () => {
      const body = fake.last.body as { instructions?: string; input: ResponseInputItem[] };
      const { instructions = "" } = body;
      return {
        url: fake.origin + fake.last.url,
        body,
        system: instructions,
        items: itemsOfInput(body.input),
      };
    },
    idle: () => fake.idle(),
    unreachable: async () => {
      const gone = await startFakeOpenAi();
      const baseUrl = gone.url;
      await gone.close();
      return new ChatGpt({ apiKey: KEY, baseUrl, model: "gpt-5-mini" });
    },
    secret: KEY,
    close: () => fake.close(),
  };
});

describe("ChatGPT", () => {
  let fake: FakeOpenAi;
  let model: ChatGpt;
  const never = new AbortController().signal;

  beforeEach(async () => {
    fake = await startFakeOpenAi();
    model = new ChatGpt({ apiKey: KEY, baseUrl: `${fake.url}/`, model: "gpt-5-mini" });
  });
  afterEach(async () => {
    await model.close();
    await fake.close();
  });

  test("asks OpenAI to keep nothing", async () => {
    await ask(model, question("Hi there"));
    expect(fake.last.body).toEqual({
      model: "gpt-5-mini",
      input: [{ role: "user", content: "Hi there" }],
      store: false,
      stream: true,
    });
    expect(fake.last.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      "content-type": "application/json",
      accept: "text/event-stream",
    });
  });

  test("returns the tokens that were read, cached and written", async () => {
    fake.scenario = { pieces: ["a", "b"], usage: { input: 2000, cached: 1024, output: 2 } };
    expect(await ask(model, question("Hi there"))).toEqual({
      answer: "ab",
      thoughts: 0,
      usage: { input_tokens: 2000, cached_tokens: 1024, output_tokens: 2 },
      finishReason: "complete",
    });
  });

  test.each([
    ["length", "length"],
    ["content_filter", "content_filter"],
  ] as const)("reads %s as the end of an answer", async (finish, finishReason) => {
    fake.scenario = { pieces: ["a"], finish };
    expect(await ask(model, question("Hi there"))).toMatchObject({ answer: "a", finishReason });
  });

  test("reports that the model thinks, without the reasoning's text", async () => {
    fake.scenario = { reasoning: ["Let me ", "see."], pieces: ["Yes"] };
    const { answer, thoughts } = await ask(model, question("Hi there"));
    expect(answer).toBe("Yes");
    expect(thoughts).toBeGreaterThan(0);
  });

  test("takes a keepalive for a model that still thinks", async () => {
    const keepalive = 'event: keepalive\ndata: {"type":"keepalive","sequence_number":3}\n\n';
    const end = { type: "response.completed", response: { status: "completed", output: [] } };
    fake.scenario = { packets: [keepalive, `data: ${JSON.stringify(end)}\n\n`] };
    expect(await ask(model, question("Hi there"))).toEqual({
      answer: "",
      thoughts: 1,
      usage: null,
      finishReason: "no_text",
    });
  });

  test("shows a refusal as the answer that it is", async () => {
    const events = [
      { type: "response.refusal.delta", delta: "I can't " },
      { type: "response.refusal.delta", delta: "do that." },
      { type: "response.completed", response: { status: "completed", output: [] } },
    ];
    fake.scenario = { packets: events.map((event) => `data: ${JSON.stringify(event)}\n\n`) };
    expect((await ask(model, question("Hi there"))).answer).toBe("I can't do that.");
  });

  test("puts together a character that was cut over two deltas", async () => {
    fake.scenario = { pieces: ["a\ud83d", "\ude00b", "\ud83d"] };
    const { answer } = await ask(model, question("Hi there"));
    expect(answer).toBe("a😀b\ud83d");
  });

  test("delivers what arrives together in one go", async () => {
    fake.scenario = { words: 300 };
    const turns = new Set<number>();
    let turn = 0;
    const count = setInterval(() => turn++, 0);
    const sink = new AnswerRecorder(() => turns.add(turn));
    await model.generate(question("Hi"), sink, never);
    clearInterval(count);
    expect(turns.size).toBeLessThan(10);
  });

  test("makes the call whole where streaming is refused, and remembers it for that model", async () => {
    fake.scenario = { refuseStreaming: true, pieces: ["all ", "of it"], usage: { input: 3, output: 2 } };
    const request = question("Hi");
    expect(await ask(model, request)).toMatchObject({
      answer: "all of it",
      usage: { input_tokens: 3, output_tokens: 2 },
      finishReason: "complete",
    });
    expect(model.wireRequest(request).body).toMatchObject({ stream: false, store: false });
    await ask(model, request);
    expect(fake.requests.map(({ body }) => (body as { stream: boolean }).stream)).toEqual([
      true,
      false,
      false,
    ]);
    expect(model.wireRequest(question("Hi", "gpt-4o")).body).toMatchObject({ stream: true });
  });

  test("aborts a call that is made whole", async () => {
    fake.scenario = { refuseStreaming: true, initialDelayMs: 60_000 };
    const abort = new AbortController();
    const answer = ask(model, question("Hi"), abort.signal);
    const failure = expect(answer).rejects.toThrow("enough");
    await expect.poll(() => fake.requests.length).toBe(2);
    abort.abort(new Error("enough"));
    await failure;
    await fake.idle();
    expect(fake.last.outcome).toBe("aborted");
  });

  test("does not lose an answer because its tokens are counted in another way", async () => {
    const events = [
      { type: "response.output_text.delta", delta: "Hello" },
      { type: "response.completed", response: { status: "completed", usage: { tokens: "many" } } },
    ];
    fake.scenario = { packets: events.map((event) => `data: ${JSON.stringify(event)}\n\n`) };
    expect(await ask(model, question("Hi there"))).toMatchObject({
      answer: "Hello",
      usage: null,
      finishReason: "complete",
    });
  });

  test("does not repeat a request of which an answer has begun, even if it may not be streamed then", async () => {
    const message = "Your organization must be verified to stream this model.";
    const events = [
      { type: "response.output_text.delta", delta: "Hello" },
      { type: "error", error: { message, param: "stream", code: "unsupported_value", status: 400 } },
    ];
    fake.scenario = { packets: events.map((event) => `data: ${JSON.stringify(event)}\n\n`) };
    expect((await failureOf(model, question("Hi there"))).code).toBe("provider_refused");
    expect(fake.turns).toHaveLength(1);
  });

  test("waits as long as its caller does when nothing comes", async () => {
    const abort = new AbortController();
    const answer = ask(model, question("Hi", "fake-silent"), abort.signal);
    await expect.poll(() => fake.requests.length).toBe(1);
    abort.abort(new Error("too long"));
    await expect(answer).rejects.toThrow("too long");
    await fake.idle();
    expect(fake.last.outcome).toBe("aborted");
  });
});
