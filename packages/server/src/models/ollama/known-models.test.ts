import { expect, test } from "vitest";
import { KnownModels } from "./known-models.ts";
import { type NativeApi, parseShown } from "./native-api.ts";

/** Ollama's own API with one model. */
const native = (parameters?: number): NativeApi =>
  ({
    loaded: async () => [],
    show: async () => parseShown({ model_info: { "general.parameter_count": parameters } }),
  }) as unknown as NativeApi;

test.each([
  ["llama3.2:3b", 3],
  ["qwen3:0.6b", 0.6],
  ["phi3:3.8b-mini-instruct-4k", 3.8],
  ["meta-llama/Llama-3.3-70B-Instruct", 70],
  ["mistral", 0],
  ["nomic-embed-text:v1.5", 0],
  ["mixtral:8x7b", 0],
])("reads the size of %s from its name", (name, billions) => {
  expect(new KnownModels(native()).billionsOf(name)).toBe(billions);
});

test("what Ollama says of a model's size counts more than its name", async () => {
  const known = new KnownModels(native(1_235_814_432));
  const model = { id: "my-7b:latest", contextWindow: null, chats: null, limitsItself: false };
  await known.learn([model], AbortSignal.timeout(1000));
  expect(known.billionsOf("my-7b")).toBeCloseTo(1.24);
});
