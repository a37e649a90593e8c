import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ask, failureOf } from "../../../test/ask.ts";
import { type FakeOllama, promptOf, startFakeOllama } from "../../../test/fakes/ollama.ts";
import { recorded } from "../../../test/fakes/recorded.ts";
import type { ModelRequest } from "../../chat/chat-model.ts";
import { describeChatModel } from "../chat-model.contract.ts";
import { Ollama } from "./ollama.ts";

const KEY = "a-key-of-a-server-of-ones-own";
const question = (content: string, model = "llama3.2:3b"): ModelRequest => ({
  model,
  system: "",
  items: [{ role: "user", content }],
  contextWindow: 4096,
  promptTokens: 10,
});

describeChatModel("Ollama", async () => {
  const fake = await startFakeOllama();
  return {
    model: new Ollama({ apiKey: KEY, baseUrl: fake.url, model: "llama3.2:3b" }),
    questions: [question("What is one?"), question("What is two?")],
    slowQuestion: question("Go on", "fake-slow"),
    questionAbout: (text) => question(text),
    answeredWith: (scenario) => {
      fake.scenario = scenario;
      return question("Hi");
    },
    joinsAnswers: true,
    received: () => {
      const body = fake.last.body as { messages: ChatCompletionMessageParam[] };
      return { url: fake.origin + fake.last.url, body, ...promptOf(body.messages) };
    },
    idle: () => fake.idle(),
    unreachable: async () => {
      const gone = await startFakeOllama();
      const baseUrl = gone.url;
      await gone.close();
      return new Ollama({ apiKey: KEY, baseUrl, model: "llama3.2:3b" });
    },
    secret: KEY,
    close: () => fake.close(),
  };
});

describe("Ollama", () => {
  let fake: FakeOllama;
  let model: Ollama;

  beforeEach(async () => {
    fake = await startFakeOllama();
    model = new Ollama({ apiKey: KEY, baseUrl: fake.url, model: "llama3.2:3b" });
  });
  afterEach(async () => {
    await model.close();
    await fake.close();
  });

  test("sends the system prompt as the first message, and asks for the usage", async () => {
    await ask(model, { ...question("Hi"), system: "Be brief." });
    expect(fake.last.body).toEqual({
      model: "llama3.2:3b",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  describe("reads what a real Ollama sent:", () => {
    test("an answer from the history", async () => {
      fake.replay(recorded("chat-completions-stream"));
      expect(await ask(model, question("Hi there"))).toEqual({
        answer: "Your name is Bob.",
        thoughts: 0,
        usage: { input_tokens: 29, output_tokens: 6 },
        finishReason: "complete",
      });
    });

    test("an answer that was cut at its limit", async () => {
      fake.replay(recorded("chat-completions-max-tokens"));
      expect(await ask(model, question("Hi there"))).toMatchObject({
        answer: "# The Last Day of",
        usage: { input_tokens: 12, output_tokens: 5 },
        finishReason: "length",
      });
    });

    test("an answer to a history of which it had read less than half", async () => {
      fake.replay(recorded("chat-completions-overflow"));
      expect((await ask(model, question("Hi there"))).usage).toEqual({
        input_tokens: 457,
        output_tokens: 30,
      });
    });

    test("that it does not have a model", async () => {
      fake.replay(recorded("chat-completions-unknown-model"));
      const error = await failureOf(model, question("hi", "nope:1b"));
      expect(error.code).toBe("provider_model_not_found");
      expect(error.message).toContain('"ollama pull nope:1b"');
    });

    test("that a request was wrong", async () => {
      fake.replay(recorded("bad-json"));
      expect((await failureOf(model, question("Hi"))).code).toBe("provider_refused");
    });
  });

  const refusedField = { message: "stream_options is not supported", code: 400 };
  test.each([
    ["of the stream", { error: refusedField }],
    ["of the choice", { choices: [{ delta: {}, error: refusedField }] }],
    ["of Groq", { x_groq: { error: refusedField } }],
  ])("does not repeat a request of which an answer has begun: an error %s", async (_, failure) => {
    const chunks = [{ choices: [{ delta: { role: "assistant", content: "Hello" } }] }, failure];
    fake.scenario = { packets: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`) };
    expect((await failureOf(model, question("Hi there"))).code).toBe("provider_refused");
    expect(fake.turns).toHaveLength(1);
  });

  test("does not look for the API elsewhere once an answer has begun", async () => {
    const chunks = [
      { choices: [{ delta: { role: "assistant", content: "Hello" } }] },
      { error: { message: "Unexpected endpoint or method in tool call" } },
    ];
    fake.scenario = { packets: chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`) };
    const anywhere = new Ollama({ apiKey: KEY, baseUrl: fake.origin, model: "llama3.2:3b" });
    await failureOf(anywhere, question("Hi there"));
    expect(fake.turns).toHaveLength(1);
    await anywhere.close();
  });

  test.each(["reasoning", "reasoning_content"])(
    "reports by %s that the model thinks, without the reasoning's text",
    async (field) => {
      const chunks = [
        { choices: [{ delta: { role: "assistant", content: "", [field]: "Hm" } }] },
        { choices: [{ delta: { content: "Yes" } }] },
        { choices: [{ delta: {}, finish_reason: "stop" }] },
      ];
      fake.scenario = {
        packets: [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"],
      };
      expect(await ask(model, question("Hi there"))).toEqual({
        answer: "Yes",
        thoughts: 1,
        usage: null,
        finishReason: "complete",
      });
    },
  );

  describe("separates the reasoning of a model whose chat template opens <think>, from its first answer on:", () => {
    const template = "{{ if $last }}<|im_start|>assistant\n<think>\n{{ end }}";
    const json = (request: string, body: object) =>
      ({ request, status: 200, contentType: "application/json", body: JSON.stringify(body) }) as const;
    const chunk = (delta: object, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ delta, finish_reason }] })}\n\n`;
    const packets = [chunk({ content: "Hm.\n</thi" }), chunk({ content: "nk>\n\nYes" }, "stop")];

    test("by the template that Ollama shows", async () => {
      fake.replay(json("POST /api/show", { template }));
      await model.availability();
      fake.scenario = { packets };
      expect((await ask(model, question("Hi there"))).answer).toBe("Yes");
    });

    test("by the template that llama.cpp shows", async () => {
      fake.native = false;
      fake.replay(json("GET /props", { chat_template: template }));
      await model.availability();
      fake.scenario = { packets };
      expect((await ask(model, question("Hi there"))).answer).toBe("Yes");
    });

    test("by the name, where neither is shown", async () => {
      fake.models = { "qwq:32b": { trained: 4096 } };
      fake.scenario = { packets };
      expect((await ask(model, question("Hi there", "qwq:32b"))).answer).toBe("Yes");
    });
  });

  test("takes an answer for whole when the model came to its end, with or without [DONE]", async () => {
    const chunk = { choices: [{ delta: { content: "All." }, finish_reason: "stop" }] };
    fake.scenario = { packets: [`data: ${JSON.stringify(chunk)}\n\n`] };
    expect(await ask(model, question("Hi there"))).toMatchObject({
      answer: "All.",
      finishReason: "complete",
    });
  });

  test("reports cached tokens if the server does", async () => {
    fake.scenario = { pieces: ["a"], usage: { input: 300, cached: 200, output: 1 } };
    expect((await ask(model, question("Hi there"))).usage).toEqual({
      input_tokens: 300,
      cached_tokens: 200,
      output_tokens: 1,
    });
  });

  test("puts together a character that was cut over two chunks", async () => {
    fake.scenario = { pieces: ["a\ud83d", "\ude00b"] };
    expect((await ask(model, question("Hi there"))).answer).toBe("a😀b");
  });

  test.each([
    ["fake-401", "provider_unauthorized", /OLLAMA_API_KEY/],
    ["fake-busy", "provider_overloaded", /too much to do.+maximum pending requests.+Try again/],
    ["fake-loading", "provider_unavailable", /still loading.+Try again/],
    ["fake-memory", "provider_failed", /more system memory \(5.5 GiB\)/],
    ["fake-context", "provider_context_exceeded", /longer than fake-context can read/],
    ["nope:1b", "provider_model_not_found", /"ollama pull nope:1b"/],
    ["fake-cut", "provider_broke_off", /broke before the answer was whole/],
    ["fake-malformed", "provider_failed", /no answer/],
    ["fake-error", "provider_failed", /model runner has stopped/],
  ])("reads %s as %s", async (name, code, message) => {
    const error = await failureOf(model, question("Hi", name));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test.each([
    ["null", "null", "provider_broke_off"],
    ["an empty list of choices", '{"choices":[]}', "provider_broke_off"],
    ["choices that are none", '{"choices":7}', "provider_broke_off"],
    ["a number for text", '{"choices":[{"delta":{"content":5}}]}', "provider_broke_off"],
    ["an error as a text", '{"error":"out of memory"}', "provider_failed"],
  ])("takes %s in the stream for what it is", async (_, data, code) => {
    fake.scenario = { packets: [`data: ${data}\n\n`] };
    expect((await failureOf(model, question("Hi"))).code).toBe(code);
  });

  test("sends no key where none is set", async () => {
    model = new Ollama({ apiKey: "", baseUrl: fake.url, model: "llama3.2:3b" });
    await ask(model, question("Hi there"));
    expect(fake.last.headers.authorization).toBeUndefined();
  });

  test("says that the address is wrong where there is no such API", async () => {
    model = new Ollama({ apiKey: "", baseUrl: `${fake.origin}/v2` });
    expect((await failureOf(model, question("Hi"))).message).toMatch(/no such API.+OLLAMA_BASE_URL/);
    expect(await model.availability()).toMatchObject({ available: false, action: "Check OLLAMA_BASE_URL." });
  });

  test("shows its address without the credentials in it", async () => {
    model = new Ollama({ apiKey: "", baseUrl: "http://user:password@127.0.0.1:1/v1/", model: "llama3.2:3b" });
    expect(model.wireRequest(question("Hi")).url).toBe("http://127.0.0.1:1/v1/chat/completions");
    expect(JSON.stringify(await model.availability())).not.toContain("password");
  });
});
