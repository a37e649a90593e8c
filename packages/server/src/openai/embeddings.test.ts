import { expect, test } from "vitest";
import { startWithSdk } from "./sdk.fixture.ts";

test.each([
  "ollama/all-minilm:22m",
  "all-minilm:22m",
  "chatgpt/text-embedding-3-small",
  "text-embedding-3-small",
  "small",
])("%s makes embeddings, as floats and as base64, which the SDK asks for", async (model) => {
  const { openai } = await startWithSdk({ env: { MODEL_ALIASES: '{"small": "ollama/all-minilm:22m"}' } });
  const input = ["Hi", "Hello"];
  const expected = [
    { object: "embedding", index: 0, embedding: [2, 2.5] },
    { object: "embedding", index: 1, embedding: [5, 5.5] },
  ];
  for (const encoding of [{}, { encoding_format: "float" }, { encoding_format: "base64" }] as const) {
    const made = await openai.embeddings.create({ model, input, dimensions: 2, ...encoding });
    expect(made.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
    expect(made.model).toBe(model);
    if (!("encoding_format" in encoding) || encoding.encoding_format === "float")
      expect(made.data).toEqual(expected);
  }
  expect((await openai.embeddings.create({ model, input: "One" })).data).toHaveLength(1);
});

test("a model without embeddings and an unknown one are refused", async () => {
  const { openai } = await startWithSdk();
  const ask = (model: string) => openai.embeddings.create({ model, input: "Hi" });
  await expect(ask("mirror")).rejects.toMatchObject({
    status: 400,
    code: "unsupported_parameter",
    param: "model",
  });
  await expect(ask("ollama/unknown")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  await expect(openai.embeddings.create({ model: "x", input: [] })).rejects.toMatchObject({
    status: 400,
    param: "input",
  });
});

test("embeddings count toward the tokens of the day", async () => {
  const { client, server } = await startWithSdk({ env: { AUTH: "keys", LIMIT_TOKENS_PER_DAY: "5000" } });
  const openai = client((await server.apiKeys.create({ owner: "alice" })).key);
  const ask = () => openai.embeddings.create({ model: "all-minilm:22m", input: "word ".repeat(40) });
  await ask();
  await ask();
  await expect(
    openai.embeddings.create({ model: "all-minilm:22m", input: "word ".repeat(10_000) }),
  ).rejects.toMatchObject({ status: 429 });
});
