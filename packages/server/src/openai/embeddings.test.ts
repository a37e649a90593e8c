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
  for (const input of [
    [1, 2],
    [[1, 2], [3]],
  ]) {
    await expect(openai.embeddings.create({ model: "x", input })).rejects.toMatchObject({
      ...{ status: 400, param: "input.0" },
      message: expect.stringContaining("check_embedding_ctx_length=False"),
    });
  }
  await expect(openai.embeddings.create({ model: "x", input: [] })).rejects.toMatchObject({
    status: 400,
    param: "input",
  });
});

test("embeddings count toward the tokens of the day", async () => {
  const { client, server } = await startWithSdk({ env: { AUTH: "keys", LIMIT_TOKENS_PER_DAY: "1000" } });
  const openai = client((await server.apiKeys.create({ owner: "alice" })).key);
  // The provider reports a token for each text.
  const ask = () => openai.embeddings.create({ model: "all-minilm:22m", input: Array(900).fill("a") });
  expect((await ask()).usage.total_tokens).toBe(900);
  await expect(ask()).rejects.toMatchObject({ status: 429 });
  expect(server.ollama.requests.filter(({ url }) => url === "/v1/embeddings")).toHaveLength(1);
});

test("embeddings take turns with answers where the provider's concurrency is limited", async () => {
  const { openai, server } = await startWithSdk({ env: { PROVIDER_CONCURRENCY: "ollama=1" } });
  server.ollama.scenario = { pieces: ["one ", "two"], pausedAfter: 1 };
  const messages = [{ role: "user" as const, content: "Hi" }];
  const answer = openai.chat.completions.create({ model: "llama3.2:3b", messages }).asResponse();
  await expect
    .poll(() => server.ollama.requests.some(({ url }) => url === "/v1/chat/completions"))
    .toBe(true);
  const vectors = openai.embeddings.create({ model: "all-minilm:22m", input: "Hi" });
  const waiting = async () => (await server.inject("GET", "/metrics")).body;
  await expect.poll(waiting).toContain('rmm_provider_calls{provider="ollama",state="waiting"} 1');
  await server.ollama.resume();
  await answer;
  expect((await vectors).data).toHaveLength(1);
});

test.each([
  ["negative", [-1, 0]],
  ["too large", [0, 2]],
  ["used twice", [1, 1]],
  ["huge", [0, 4_294_967_294]],
])("an index that is %s in the provider's answer is a failure of the provider", async (_, indices) => {
  const { openai, server } = await startWithSdk();
  const data = indices.map((index) => ({ object: "embedding", index, embedding: [1, 2] }));
  server.ollama.replay({
    request: "POST /v1/embeddings",
    status: 200,
    contentType: "application/json",
    body: JSON.stringify({ object: "list", data, usage: { prompt_tokens: 2, total_tokens: 2 } }),
  });
  await expect(
    openai.embeddings.create({ model: "all-minilm:22m", input: ["Hi", "Hello"] }),
  ).rejects.toMatchObject({ code: "provider_failed" });
});

test("a client that disconnects ends the request to the provider, which is no error", async () => {
  const { openai, server } = await startWithSdk();
  const left = new AbortController();
  const asked = openai.embeddings.create({ model: "all-minilm:22m", input: "wait" }, { signal: left.signal });
  const request = () => server.ollama.requests.find(({ url }) => url === "/v1/embeddings");
  await expect.poll(request).toBeDefined();
  left.abort();
  await expect(asked).rejects.toThrow();
  await expect.poll(() => request()?.outcome).toBe("aborted");
  expect(server.lines.filter((line) => /failed|fulfilled/.test(line))).toEqual([]);
  expect((await server.inject("GET", "/metrics")).body).not.toMatch(/code="internal_error"} [1-9]/);
});

test.each(["trigrams", "embedded/trigrams"])(
  "%s, the built-in model, makes embeddings and is listed",
  async (model) => {
    const asked: string[] = [];
    const embedding = {
      ...{ id: "trigrams", dimensions: 2, isReady: true, prepare: async () => {}, close: async () => {} },
      embed: async (texts: readonly string[], purpose: string) => {
        asked.push(purpose);
        return texts.map((text) => Float32Array.of(text.length, 0.5));
      },
    };
    const { openai } = await startWithSdk({ embedding });
    const made = await openai.embeddings.create({ model, input: ["Hi", "Hello"] });
    expect(made.data.map((one) => one.embedding)).toEqual([
      [2, 0.5],
      [5, 0.5],
    ]);
    expect(asked).toEqual(["request"]);
    const listed = { id: "trigrams", object: "model", created: 0, owned_by: "embedded" };
    expect((await openai.models.list()).data).toContainEqual(listed);
    expect(await openai.models.retrieve(model)).toEqual({ ...listed, id: model });
    const other = openai.embeddings.create({ model, input: "Hi", dimensions: 3 });
    await expect(other).rejects.toMatchObject({ status: 400, param: "dimensions" });
  },
);
