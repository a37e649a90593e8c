import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOpenAi, messagesOf, openAiError, startFakeOpenAi } from "../../../test/fakes/openai.ts";
import { AppError } from "../../chat/app-error.ts";
import type { ModelRequest } from "../../chat/chat-model.ts";
import { describeChatModel } from "../chat-model.contract.ts";
import { ChatGpt } from "./chatgpt.ts";

const KEY = "sk-proj-a-secret-that-nobody-sees";
const question = (content: string, model = "gpt-5-mini"): ModelRequest => ({
  model,
  system: "",
  messages: [{ role: "user", content }],
  contextWindow: 272_000,
});

describeChatModel("ChatGPT", async () => {
  const fake = await startFakeOpenAi({ apiKey: KEY });
  return {
    model: new ChatGpt({ apiKey: KEY, baseUrl: fake.url, model: "gpt-5-mini" }),
    questions: [question("What is one?"), question("What is two?")],
    slowQuestion: question('fake {"words": 24, "initialDelayMs": 100, "delayMs": 50}'),
    questionAbout: question,
    received: () => {
      const body = fake.last.body as { instructions?: string; input: [] };
      const { instructions = "" } = body;
      return {
        url: fake.origin + fake.last.url,
        body,
        system: instructions,
        messages: messagesOf({ input: body.input }) as ModelRequest["messages"],
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

  const ask = async (request = question("Hi there"), signal = never) => {
    const pieces: string[] = [];
    let thoughts = 0;
    const sink = { text: (piece: string) => void pieces.push(piece), thinking: () => void thoughts++ };
    const completion = await model.generate(request, sink, signal);
    return { pieces, thoughts, ...completion };
  };
  const failure = async (request?: ModelRequest): Promise<AppError> => {
    const error = await ask(request).catch((error: unknown) => error);
    if (!(error instanceof AppError)) throw new Error("No AppError", { cause: error });
    expect(error.message).not.toContain(KEY);
    return error;
  };

  test("asks OpenAI to keep nothing", async () => {
    await ask();
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

  test("tells the tokens that were read, those from the cache too, and written", async () => {
    fake.scenario = { pieces: ["a", "b"], usage: { input: 2000, cached: 1024, output: 2 } };
    expect(await ask()).toEqual({
      pieces: ["a", "b"],
      thoughts: 0,
      usage: { input_tokens: 2000, cached_tokens: 1024, output_tokens: 2 },
      finishReason: "stop",
    });
  });

  test.each([
    ["length", "length"],
    ["content_filter", "content_filter"],
  ] as const)("tells an answer that ended by its %s", async (finish, finishReason) => {
    fake.scenario = { pieces: ["a"], finish };
    expect(await ask()).toMatchObject({ pieces: ["a"], finishReason });
  });

  test("tells that the model thinks, and not what", async () => {
    fake.scenario = { reasoning: ["Let me ", "see."], pieces: ["Yes"] };
    const { pieces, thoughts } = await ask();
    expect(pieces).toEqual(["Yes"]);
    expect(thoughts).toBeGreaterThan(0);
  });

  test("takes a keepalive for a model that still thinks", async () => {
    const keepalive = 'event: keepalive\ndata: {"type":"keepalive","sequence_number":3}\n\n';
    const end = { type: "response.completed", response: { status: "completed", output: [] } };
    fake.scenario = { packets: [keepalive, `data: ${JSON.stringify(end)}\n\n`] };
    expect(await ask()).toEqual({ pieces: [], thoughts: 1, usage: null, finishReason: "stop" });
  });

  test("shows a refusal as the answer that it is", async () => {
    const events = [
      { type: "response.refusal.delta", delta: "I can't " },
      { type: "response.refusal.delta", delta: "do that." },
      { type: "response.completed", response: { status: "completed", output: [] } },
    ];
    fake.scenario = { packets: events.map((event) => `data: ${JSON.stringify(event)}\n\n`) };
    expect((await ask()).pieces).toEqual(["I can't ", "do that."]);
  });

  test("puts together a character that was cut over two deltas", async () => {
    fake.scenario = { pieces: ["a\ud83d", "\ude00b", "\ud83d"] };
    const { pieces } = await ask();
    expect(pieces).toEqual(["a", "😀b", "\ufffd"]);
  });

  test("delivers what arrives together in one go", async () => {
    fake.scenario = { words: 300 };
    const turns = new Set<number>();
    let turn = 0;
    const count = setInterval(() => turn++, 0);
    const sink = { text: () => void turns.add(turn), thinking() {} };
    await model.generate(question("Hi"), sink, never);
    clearInterval(count);
    expect(turns.size).toBeLessThan(10);
  });

  test("makes the call whole where streaming is refused, and remembers it for that model", async () => {
    fake.scenario = { refuseStreaming: true, pieces: ["all ", "of it"], usage: { input: 3, output: 2 } };
    const request = question("Hi");
    expect(await ask(request)).toMatchObject({
      pieces: ["all of it"],
      usage: { input_tokens: 3, output_tokens: 2 },
      finishReason: "stop",
    });
    expect(model.wireRequest(request).body).toMatchObject({ stream: false, store: false });
    await ask(request);
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
    const answer = ask(question("Hi"), abort.signal);
    setTimeout(() => abort.abort(new Error("enough")), 100);
    await expect(answer).rejects.toThrow("enough");
    await fake.idle();
    expect(fake.last.outcome).toBe("aborted");
  });

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
  ])("tells %s as %s", async (name, code, message) => {
    const error = await failure(question("Hi", name));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("passes on after how long trying again makes sense", async () => {
    expect((await failure(question("Hi", "fake-429"))).retryAfter).toBe(20);
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
    ["a number for text", { type: "response.output_text.delta", delta: 5 }, "provider_failed"],
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
    fake.scenario = { packets: [`data: ${JSON.stringify(event)}\n\n`] };
    expect((await failure()).code).toBe(code);
  });

  test("does not lose an answer because its tokens are counted in another way", async () => {
    const events = [
      { type: "response.output_text.delta", delta: "Hello" },
      { type: "response.completed", response: { status: "completed", usage: { tokens: "many" } } },
    ];
    fake.scenario = { packets: events.map((event) => `data: ${JSON.stringify(event)}\n\n`) };
    expect(await ask()).toMatchObject({ pieces: ["Hello"], usage: null, finishReason: "stop" });
  });

  test("takes a page for no answer", async () => {
    fake.replay({
      request: "POST /v1/responses",
      status: 200,
      contentType: "text/html",
      body: "<html>Please log in</html>",
    });
    expect((await failure()).code).toBe("provider_failed");
  });

  test("says that the address is wrong where there is no such API", async () => {
    const elsewhere = new ChatGpt({ apiKey: KEY, baseUrl: `${fake.origin}/v2`, model: "gpt-5-mini" });
    model = elsewhere;
    expect((await failure()).message).toMatch(/no such API.+OPENAI_BASE_URL/);
  });

  test("keeps a tool's result apart from what a person said", async () => {
    const messages = [
      { role: "user", content: "What's the weather?" },
      { role: "tool", content: '{"sky":"blue"}' },
      { role: "user", content: "Well?" },
    ] as const;
    await ask({ ...question(""), messages });
    expect((fake.last.body as { input: unknown[] }).input[1]).toEqual({
      role: "user",
      content: 'Result of a tool:\n{"sky":"blue"}',
    });
  });

  test("waits as long as its caller does when nothing comes", async () => {
    const abort = new AbortController();
    const answer = ask(question("Hi", "fake-silent"), abort.signal);
    await sleep(200);
    abort.abort(new Error("too long"));
    await expect(answer).rejects.toThrow("too long");
    await fake.idle();
    expect(fake.last.outcome).toBe("aborted");
  });

  describe("availability", () => {
    const unavailable = { available: false, reason: expect.any(String), action: expect.any(String) };

    test("without a key: says so and asks nobody", async () => {
      const keyless = new ChatGpt({ apiKey: "", baseUrl: fake.url, model: "gpt-5-mini" });
      const availability = await keyless.availability();
      await keyless.close();
      expect(availability).toMatchObject({
        ...unavailable,
        action: expect.stringContaining("OPENAI_API_KEY"),
      });
      expect(availability.models.map(({ id }) => id)).toContain("gpt-4o");
      expect(fake.requests).toEqual([]);
    });

    test("with a wrong key: says so", async () => {
      fake.scenario = {};
      const other = await startFakeOpenAi({ apiKey: "sk-another" });
      model = new ChatGpt({ apiKey: KEY, baseUrl: other.url, model: "gpt-5-mini" });
      const availability = await model.availability();
      await other.close();
      expect(availability).toMatchObject({
        ...unavailable,
        reason: "OpenAI does not accept the API key.",
      });
      expect(JSON.stringify(availability)).not.toContain(KEY);
    });

    test("lists the models that can answer, with windows and prices", async () => {
      const { models } = await model.availability();
      expect(models.map(({ id }) => id)).toEqual(["gpt-5-mini", "gpt-4o-mini"]);
      expect(models[0]).toEqual({
        id: "gpt-5-mini",
        context_window: 272_000,
        price: { input: 0.25, cached_input: 0.025, output: 2 },
      });
    });

    test("lists what another server has, though nothing is known of it", async () => {
      const other = await startFakeOpenAi({ models: ["qwen"] });
      model = new ChatGpt({ apiKey: KEY, baseUrl: other.url, model: "qwen" });
      expect(await model.availability()).toEqual({
        available: true,
        models: [{ id: "qwen", context_window: null, price: null }],
      });
      await other.close();
    });

    test.each([
      [403, true],
      [404, true],
      [429, true],
      [500, false],
      [503, false],
    ])("after status %i is %s", async (status, available) => {
      const { fail } = openAiError(status, { message: "?", type: "?" });
      fake.replay({
        request: "GET /v1/models",
        status,
        contentType: "application/json",
        body: JSON.stringify(fail.body),
      });
      const availability = await model.availability();
      expect(availability.available).toBe(available);
      if (!available) expect(availability).toMatchObject(unavailable);
    });

    test("of a server that says nothing is known within seconds", async () => {
      const { createServer } = await import("node:net");
      const silent = createServer(() => {}).listen(0, "127.0.0.1");
      await new Promise((resolve) => silent.once("listening", resolve));
      const { port } = silent.address() as { port: number };
      model = new ChatGpt({ apiKey: KEY, baseUrl: `http://127.0.0.1:${port}/v1`, model: "gpt-5-mini" });
      const started = performance.now();
      expect(await model.availability()).toMatchObject({
        ...unavailable,
        reason: expect.stringContaining("does not answer"),
      });
      expect(performance.now() - started).toBeLessThan(6000);
      await model.close();
      silent.close();
    });

    test("with a key that cannot be sent", async () => {
      model = new ChatGpt({ apiKey: "sk-with\na-line", baseUrl: fake.url, model: "gpt-5-mini" });
      expect(await model.availability()).toMatchObject(unavailable);
      expect((await failure()).code).toBe("provider_unauthorized");
    });
  });
});
