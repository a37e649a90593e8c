import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOllama, startFakeOllama } from "../../../test/fakes/ollama.ts";
import { recorded } from "../../../test/fakes/recorded.ts";
import { AppError } from "../../chat/app-error.ts";
import type { ContextMessage, ModelRequest } from "../../chat/chat-model.ts";
import { describeChatModel } from "../chat-model.contract.ts";
import { Ollama } from "./ollama.ts";

const KEY = "a-key-of-a-server-of-ones-own";
const question = (content: string, model = "llama3.2:3b"): ModelRequest => ({
  model,
  system: "",
  messages: [{ role: "user", content }],
  contextWindow: 4096,
});

describeChatModel("Ollama", async () => {
  const fake = await startFakeOllama();
  return {
    model: new Ollama({ apiKey: KEY, baseUrl: fake.url, model: "llama3.2:3b" }),
    questions: [question("What is one?"), question("What is two?")],
    slowQuestion: question('fake {"words": 24, "initialDelayMs": 100, "delayMs": 50}'),
    questionAbout: (text) => question(text),
    received: () => {
      const body = fake.last.body as { messages: ContextMessage[] };
      const [first, ...rest] = body.messages;
      const url = fake.origin + fake.last.url;
      if (first?.role !== "system") return { url, body, system: "", messages: body.messages };
      return { url, body, system: first.content, messages: rest };
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
  const never = new AbortController().signal;

  beforeEach(async () => {
    fake = await startFakeOllama();
    model = new Ollama({ apiKey: KEY, baseUrl: fake.url, model: "llama3.2:3b" });
  });
  afterEach(async () => {
    await model.close();
    await fake.close();
  });

  const ask = async (request = question("Hi there")) => {
    const pieces: string[] = [];
    let thoughts = 0;
    const sink = { text: (piece: string) => void pieces.push(piece), thinking: () => void thoughts++ };
    const completion = await model.generate(request, sink, never);
    return { pieces, thoughts, ...completion };
  };
  const failure = async (request?: ModelRequest): Promise<AppError> => {
    const error = await ask(request).catch((error: unknown) => error);
    if (!(error instanceof AppError)) throw new Error("No AppError", { cause: error });
    expect(error.message).not.toContain(KEY);
    return error;
  };

  test("sends the system prompt as the first message, and asks for the usage", async () => {
    await ask({ ...question("Hi"), system: "Be brief." });
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
      expect(await ask()).toEqual({
        pieces: ["Your", " name", " is", " Bob", "."],
        thoughts: 0,
        usage: { input_tokens: 29, output_tokens: 6 },
        finishReason: "stop",
      });
    });

    test("an answer that was cut at its limit", async () => {
      fake.replay(recorded("chat-completions-max-tokens"));
      expect(await ask()).toMatchObject({
        pieces: ["#", " The", " Last", " Day", " of"],
        usage: { input_tokens: 12, output_tokens: 5 },
        finishReason: "length",
      });
    });

    test("an answer to a history of which it had read less than half", async () => {
      fake.replay(recorded("chat-completions-overflow"));
      expect((await ask()).usage).toEqual({ input_tokens: 457, output_tokens: 30 });
    });

    test("that it does not have a model", async () => {
      fake.replay(recorded("chat-completions-unknown-model"));
      const error = await failure(question("hi", "nope:1b"));
      expect(error.code).toBe("provider_model_not_found");
      expect(error.message).toContain('"ollama pull nope:1b"');
    });

    test("that a request was wrong", async () => {
      fake.replay(recorded("bad-json"));
      expect((await failure()).code).toBe("provider_refused");
    });
  });

  test.each(["reasoning", "reasoning_content"])(
    "tells by %s that the model thinks, and not what",
    async (field) => {
      const chunks = [
        { choices: [{ delta: { role: "assistant", content: "", [field]: "Hm" } }] },
        { choices: [{ delta: { content: "Yes" } }] },
        { choices: [{ delta: {}, finish_reason: "stop" }] },
      ];
      fake.scenario = {
        packets: [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"],
      };
      expect(await ask()).toEqual({ pieces: ["Yes"], thoughts: 1, usage: null, finishReason: "stop" });
    },
  );

  test("takes an answer for whole when the model came to its end, with or without [DONE]", async () => {
    const chunk = { choices: [{ delta: { content: "All." }, finish_reason: "stop" }] };
    fake.scenario = { packets: [`data: ${JSON.stringify(chunk)}\n\n`] };
    expect(await ask()).toMatchObject({ pieces: ["All."], finishReason: "stop" });
  });

  test("tells cached tokens where the server does", async () => {
    fake.scenario = { pieces: ["a"], usage: { input: 300, cached: 200, output: 1 } };
    expect((await ask()).usage).toEqual({ input_tokens: 300, cached_tokens: 200, output_tokens: 1 });
  });

  test("puts together a character that was cut over two chunks", async () => {
    fake.scenario = { pieces: ["a\ud83d", "\ude00b"] };
    expect((await ask()).pieces).toEqual(["a", "😀b"]);
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
  ])("tells %s as %s", async (name, code, message) => {
    const error = await failure(question("Hi", name));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test.each([
    ["null", "null", "provider_broke_off"],
    ["an empty list of choices", '{"choices":[]}', "provider_broke_off"],
    ["choices that are none", '{"choices":7}', "provider_broke_off"],
    ["a number for text", '{"choices":[{"delta":{"content":5}}]}', "provider_failed"],
    ["an error as a text", '{"error":"out of memory"}', "provider_failed"],
    ["only the end mark", "[DONE]", "provider_broke_off"],
  ])("takes %s in the stream for what it is", async (_, data, code) => {
    fake.scenario = { packets: [`data: ${data}\n\n`] };
    expect((await failure()).code).toBe(code);
  });

  test("sends no key where none is set", async () => {
    model = new Ollama({ apiKey: "", baseUrl: fake.url, model: "llama3.2:3b" });
    await ask();
    expect(fake.last.headers.authorization).toBeUndefined();
  });

  test("says that the address is wrong where there is no such API", async () => {
    model = new Ollama({ apiKey: "", baseUrl: fake.origin, model: "llama3.2:3b" });
    expect((await failure()).message).toMatch(/no such API.+OLLAMA_BASE_URL/);
    expect(await model.availability()).toMatchObject({ available: false, action: "Check OLLAMA_BASE_URL." });
  });

  test("shows its address without the credentials in it", async () => {
    model = new Ollama({ apiKey: "", baseUrl: "http://user:password@127.0.0.1:1/v1/", model: "llama3.2:3b" });
    expect(model.wireRequest(question("Hi")).url).toBe("http://127.0.0.1:1/v1/chat/completions");
    expect(JSON.stringify(await model.availability())).not.toContain("password");
  });

  describe("availability", () => {
    const free = { input: 0, cached_input: 0, output: 0 };

    test("tells the window that was allocated, else the largest that could be", async () => {
      fake.models = {
        "llama3.2:3b": { trained: 131_072, allocated: 4096 },
        "qwen3:0.6b": { trained: 40_960 },
      };
      expect(await model.availability()).toEqual({
        available: true,
        models: [
          { id: "llama3.2:3b", context_window: 4096, price: free },
          { id: "qwen3:0.6b", context_window: 40_960, price: free },
        ],
      });
    });

    test("remembers the window of a model that was unloaded, and asks nothing twice", async () => {
      await model.availability();
      fake.models = { "llama3.2:3b": { trained: 131_072 } };
      expect((await model.availability()).models[0]?.context_window).toBe(4096);
      expect(fake.requests.filter(({ url }) => url === "/api/show")).toHaveLength(1);
    });

    test("reads what a real Ollama sent", async () => {
      model = new Ollama({ apiKey: "", baseUrl: fake.url, model: "qwen:0.5b" });
      fake.replay(recorded("models-v1"));
      fake.replay(recorded("show"));
      expect((await model.availability()).models).toEqual([
        { id: "qwen:0.5b", context_window: 32_768, price: free },
      ]);
      fake.replay(recorded("ps"));
      expect((await model.availability()).models[0]?.context_window).toBe(2048);
      fake.replay(recorded("ps-loaded"));
      expect((await model.availability()).models[0]?.context_window).toBe(512);
    });

    test("takes the window that a Modelfile sets", async () => {
      fake.models = { "llama3.2:3b": { trained: 131_072 } };
      fake.replay({
        request: "POST /api/show",
        status: 200,
        contentType: "application/json",
        body: JSON.stringify({
          parameters: 'num_ctx                        8192\nstop                           "<|eot_id|>"',
          model_info: { "general.architecture": "llama", "llama.context_length": 131_072 },
        }),
      });
      expect((await model.availability()).models[0]?.context_window).toBe(8192);
    });

    test("does without Ollama's own API, and takes the window that another server tells", async () => {
      const other = await startFakeOllama({ native: false });
      model = new Ollama({ apiKey: "", baseUrl: other.url, model: "llama3.2:3b" });
      expect(await model.availability()).toEqual({
        available: true,
        models: [{ id: "llama3.2:3b", context_window: null, price: free }],
      });
      other.replay({
        request: "GET /v1/models",
        status: 200,
        contentType: "application/json",
        body: JSON.stringify({ data: [{ id: "llama3.2:3b", max_model_len: 16_384 }] }),
      });
      expect((await model.availability()).models[0]?.context_window).toBe(16_384);
      await other.close();
    });

    test("says how to get a model that is missing, and what else there is", async () => {
      fake.models = { "qwen3:0.6b": { trained: 40_960 } };
      expect(await model.availability()).toMatchObject({
        available: false,
        reason: "The model server does not have the model llama3.2:3b.",
        action:
          'Run "ollama pull llama3.2:3b", or choose another model. ' +
          "OLLAMA_MODEL can be set to one that it has: qwen3:0.6b.",
        models: [{ id: "qwen3:0.6b" }],
      });
    });

    test("knows a model without a tag as the latest", async () => {
      fake.models = { "mistral:latest": { trained: 32_768 } };
      model = new Ollama({ apiKey: "", baseUrl: fake.url, model: "mistral" });
      expect(await model.availability()).toEqual({
        available: true,
        models: [{ id: "mistral", context_window: 32_768, price: free }],
      });
    });

    test("of an Ollama without models", async () => {
      fake.replay({
        request: "GET /v1/models",
        status: 200,
        contentType: "application/json",
        body: '{"object":"list","data":null}',
      });
      expect(await model.availability()).toMatchObject({
        available: false,
        action: 'Run "ollama pull llama3.2:3b", or choose another model.',
      });
    });

    test("names the place where nothing answers", async () => {
      model = new Ollama({ apiKey: "", baseUrl: "http://127.0.0.1:1/v1", model: "llama3.2:3b" });
      expect(await model.availability()).toEqual({
        available: false,
        reason: "No model server can be reached at http://127.0.0.1:1/v1: nothing listens there.",
        action: "Start Ollama (ollama serve), or set OLLAMA_BASE_URL.",
        models: [],
      });
    });
  });
});
