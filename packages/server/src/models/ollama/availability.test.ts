import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOllama, startFakeOllama } from "../../../test/fakes/ollama.ts";
import { recorded } from "../../../test/fakes/recorded.ts";
import { Ollama } from "./ollama.ts";

/** An answer to the request for the list of models. */
const listing = (body: object) => ({
  request: "GET /v1/models",
  status: 200,
  contentType: "application/json",
  body: JSON.stringify(body),
});

describe("Ollama's availability", () => {
  let fake: FakeOllama;
  let model: Ollama;

  beforeEach(async () => {
    fake = await startFakeOllama();
    model = new Ollama({ apiKey: "", baseUrl: fake.url, model: "llama3.2:3b" });
  });
  afterEach(async () => {
    await model.close();
    await fake.close();
  });

  const capabilities = { images: false, tools: true, reasoning: false };
  const free = { input: 0, cached_input: 0, output: 0 };

  test("reports the allocated window, else the largest possible one, and what a model can do", async () => {
    fake.models = {
      "llama3.2:3b": { trained: 131_072, allocated: 4096 },
      "qwen3:0.6b": { trained: 40_960, capabilities: ["completion", "vision", "thinking"] },
    };
    expect(await model.availability()).toEqual({
      available: true,
      models: [
        { id: "llama3.2:3b", context_window: 4096, price: free, capabilities },
        {
          id: "qwen3:0.6b",
          context_window: 40_960,
          context_window_is_maximum: true,
          price: free,
          capabilities: { images: true, tools: false, reasoning: true },
        },
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
      {
        id: "qwen:0.5b",
        context_window: 32_768,
        context_window_is_maximum: true,
        price: free,
        capabilities: { images: false, tools: false, reasoning: false },
      },
    ]);
    fake.replay(recorded("ps"));
    expect((await model.availability()).models[0]?.context_window).toBe(2048);
    fake.replay(recorded("ps-loaded"));
    expect((await model.availability()).models[0]?.context_window).toBe(512);
  });

  test("takes the window that a Modelfile sets", async () => {
    fake.models = { "llama3.2:3b": { trained: 131_072, set: 8192 } };
    const [listed] = (await model.availability()).models;
    expect(listed?.context_window).toBe(8192);
    expect(listed).not.toHaveProperty("context_window_is_maximum");
  });

  test("works without Ollama's own API, and takes the window from another server's list", async () => {
    const other = await startFakeOllama({ native: false });
    model = new Ollama({ apiKey: "", baseUrl: other.url, model: "llama3.2:3b" });
    expect(await model.availability()).toEqual({
      available: true,
      models: [{ id: "llama3.2:3b", context_window: null, price: free }],
    });
    other.replay(listing({ data: [{ id: "llama3.2:3b", max_model_len: 16_384 }] }));
    expect((await model.availability()).models[0]?.context_window).toBe(16_384);
    await other.close();
  });

  test("is available with another model than the one that is set, and says how to get that", async () => {
    fake.models = { "qwen3:0.6b": { trained: 40_960 } };
    expect(await model.availability()).toMatchObject({
      available: true,
      reason: "The model server does not have the model llama3.2:3b.",
      action: 'Run "ollama pull llama3.2:3b", or choose another model.',
      models: [{ id: "qwen3:0.6b" }],
    });
    expect(model.defaultModel).toBe("llama3.2:3b");
  });

  test("uses the first model that can chat where none is set", async () => {
    fake.models = {
      "nomic-embed-text:latest": { trained: 2048, capabilities: ["embedding"] },
      "qwen3:0.6b": { trained: 40_960 },
    };
    model = new Ollama({ apiKey: "", baseUrl: fake.url });
    expect((await model.availability()).models.map(({ id }) => id)).toEqual(["qwen3:0.6b"]);
    expect(model.defaultModel).toBe("qwen3:0.6b");
  });

  test("knows a model without a tag as the latest", async () => {
    fake.models = { "mistral:latest": { trained: 32_768 } };
    model = new Ollama({ apiKey: "", baseUrl: fake.url, model: "mistral" });
    expect(await model.availability()).toEqual({
      available: true,
      models: [
        { id: "mistral", context_window: 32_768, context_window_is_maximum: true, price: free, capabilities },
      ],
    });
  });

  test("knows a model of Gemini's list by its name", async () => {
    const other = await startFakeOllama({ native: false });
    other.replay(listing({ object: "list", data: [{ id: "models/gemini-2.5-flash", object: "model" }] }));
    model = new Ollama({ apiKey: "", baseUrl: other.url, model: "gemini-2.5-flash" });
    expect(await model.availability()).toEqual({
      available: true,
      models: [{ id: "gemini-2.5-flash", context_window: null, price: free }],
    });
    await other.close();
  });

  test("of an Ollama without models", async () => {
    fake.replay(listing({ object: "list", data: null }));
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
