import { expect, test } from "vitest";
import { startWithSdk } from "./sdk.fixture.ts";

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

test("a response that is not stored has its parent's images", async () => {
  const { openai, server } = await startWithSdk();
  const model = "chatgpt/gpt-5-mini";
  const image = { type: "input_image" as const, detail: "auto" as const };
  const parent = await openai.responses.create({
    model,
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "A cat?" },
          { ...image, image_url: `data:image/png;base64,${PNG}` },
        ],
      },
    ],
  });
  await openai.responses.create({ model, input: "Sure?", previous_response_id: parent.id, store: false });
  const sent = server.openai.lastTurn.body;
  expect(JSON.stringify(sent)).toContain(PNG);
  expect(JSON.stringify(sent)).toContain("Sure?");
});

test("a request that failed and is sent again adds its input to the conversation once", async () => {
  const { openai, server } = await startWithSdk();
  const model = "ollama/llama3.2:3b";
  const { id: conversation } = await openai.conversations.create();
  server.ollama.scenario = { fail: { status: 500, body: { error: { message: "broken" } } } };
  const ask = () => openai.responses.create({ model, input: "Hi", conversation });
  await expect(ask()).rejects.toMatchObject({ status: 502 });
  await expect(ask()).rejects.toMatchObject({ status: 502 });
  server.ollama.scenario = { pieces: ["Hello"] };
  const answer = await ask();
  expect(answer.output_text).toBe("Hello");
  expect((await openai.responses.inputItems.list(answer.id)).data).toHaveLength(1);
  const texts = async () => {
    const { data } = await openai.conversations.items.list(conversation, { order: "asc" });
    return data
      .map((item) => ("content" in item ? item.content?.[0] : undefined))
      .map((part) => part && "text" in part && part.text);
  };
  expect(await texts()).toEqual(["Hi", "Hello"]);
  await ask();
  expect(await texts()).toEqual(["Hi", "Hello", "Hi", "Hello"]);
});

test("tools that are all in an item of the input are refused, because an agent could do nothing", async () => {
  const { openai } = await startWithSdk();
  const model = "mirror";
  const exec = { type: "custom", name: "exec", description: "Runs JavaScript" };
  const tools = [{ type: "namespace", name: "functions", tools: [exec] }];
  const input = [
    { type: "message", role: "user", content: "Hi" },
    { type: "additional_tools", role: "developer", tools },
  ] as never;
  await expect(openai.responses.create({ model, input, store: false })).rejects.toMatchObject({
    status: 400,
    code: "unsupported_parameter",
    param: "input[1]",
    message: expect.stringContaining("MODEL_ALIASES"),
  });
  const now = { type: "function" as const, name: "now", parameters: {}, strict: false };
  const answer = await openai.responses.create({ model, input, store: false, tools: [now] });
  expect(answer.status).toBe("completed");
});

test.each([
  ["prompt", { prompt: { id: "pmpt_1" } }, /instructions/],
  ["include", { include: ["message.output_text.logprobs"] }, /logprobs/],
])("%s is refused where the answer would lack what it asks for", async (param, asked, message) => {
  const { openai } = await startWithSdk();
  const refused = openai.responses.create({ model: "mirror", input: "Hi", ...asked } as never);
  await expect(refused).rejects.toMatchObject({
    ...{ status: 400, code: "unsupported_parameter", param },
    message: expect.stringMatching(message),
  });
});

test("a chain that is too long for the model is refused before anything is stored, streamed or not", async () => {
  const { openai, server } = await startWithSdk({ env: { CONTEXT_MAX_TOKENS: "600" } });
  const model = "mirror";
  const long = "word ".repeat(250);
  const { id: conversation } = await openai.conversations.create();
  const parent = await openai.responses.create({ model, input: long });
  await openai.responses.create({ model, input: long, conversation });
  const keys = await server.keys();
  for (const where of [{ previous_response_id: parent.id }, { conversation }]) {
    for (const stream of [true, false]) {
      await expect(openai.responses.create({ model, input: long, ...where, stream })).rejects.toMatchObject({
        status: 400,
        code: "context_length_exceeded",
      });
    }
  }
  expect(await server.keys()).toEqual(keys);
  const next = await openai.responses.create({ model, input: "short", conversation });
  expect(next.status).toBe("completed");
  const { data } = await openai.conversations.items.list(conversation);
  expect(data).toHaveLength(4);
  const child = await openai.responses.create({ model, input: "short", previous_response_id: parent.id });
  expect(child.output_text).toContain("I was sent 3 messages");
  expect((await server.inject("GET", "/sessions")).json().sessions).toHaveLength(2);
});

test("a conversation is created at once, with the lifetime of this API", async () => {
  const { openai, server } = await startWithSdk({ env: { API_TTL_SECONDS: "7000" } });
  const created = await openai.conversations.create({
    metadata: { a: "b" },
    items: [{ role: "user", content: "Hi" }],
  });
  expect(await openai.conversations.retrieve(created.id)).toEqual(created);
  for (const key of await server.sessionKeys())
    expect(Number(await server.command("TTL", key))).toBeGreaterThan(6900);
});

test.each(["user", "assistant", "tool", "system", "developer", "1", "x".repeat(65)])(
  "an item of the type %s is refused by its field",
  async (type) => {
    const { server } = await startWithSdk();
    for (const [url, body, param] of [
      ["/v1/responses", { model: "mirror", input: [{ type, x: 1 }] }, "input[0].type"],
      ["/v1/conversations", { items: [{ type, x: 1 }] }, "items[0].type"],
    ] as const) {
      const answer = await server.inject("POST", url, body);
      expect(answer.statusCode).toBe(400);
      // A text that is too long is refused by the schema, which has its own notation.
      expect(answer.json().error.param.replace(".0.", "[0].")).toBe(param);
    }
    expect(await server.keys()).toEqual([]);
  },
);
