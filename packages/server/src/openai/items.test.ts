import OpenAI from "openai";
import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";
const now = {
  type: "function" as const,
  name: "now",
  description: "The time",
  parameters: { type: "object", properties: {} },
  strict: false,
};

test("a tool is called, its output brought, and the stream's helper takes both", async () => {
  const { openai } = await startWithSdk();
  const stream = openai.responses.stream({
    model,
    input: "What time is it?",
    tools: [now, { type: "web_search" }],
    tool_choice: "required",
  });
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);
  const first = await stream.finalResponse();
  expect(first.output).toMatchObject([
    { type: "function_call", name: "now", arguments: "{}", status: "completed" },
  ]);
  expect(first.tools).toMatchObject([now]);
  expect(first.tool_choice).toBe("required");
  expect(types.slice(2)).toEqual([
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "response.completed",
  ]);
  const [call] = first.output;
  if (call?.type !== "function_call") throw new Error("It called no tool");
  const second = await openai.responses.create({
    model,
    previous_response_id: first.id,
    input: [{ type: "function_call_output", call_id: call.call_id, output: "12:00" }],
    tools: [now],
  });
  expect(second.status).toBe("completed");
  const { data } = await openai.responses.inputItems.list(second.id);
  expect(data).toMatchObject([{ type: "function_call_output", call_id: call.call_id, output: "12:00" }]);
});

test("reasoning, text and parallel calls of a local model come as items, in order", async () => {
  const { openai, server } = await startWithSdk();
  server.ollama.scenario = {
    reasoning: ["I need ", "two clocks."],
    pieces: ["Let me ", "see."],
    toolCalls: [
      { id: "call_1", name: "now", arguments: ['{"zone":', '"UTC"}'] },
      { id: "call_2", name: "now", arguments: ['{"zone":"CET"}'] },
    ],
  };
  const stream = openai.responses.stream({ model: "llama3.2:3b", input: "Time?", tools: [now] });
  const numbers: number[] = [];
  for await (const event of stream) numbers.push(event.sequence_number);
  const { output, id } = await stream.finalResponse();
  expect(numbers).toEqual(numbers.map((_, n) => n));
  expect(output).toMatchObject([
    { type: "reasoning", content: [{ type: "reasoning_text", text: "I need two clocks." }] },
    { type: "message", content: [{ type: "output_text", text: "Let me see." }] },
    { type: "function_call", call_id: "call_1", arguments: '{"zone":"UTC"}' },
    { type: "function_call", call_id: "call_2", arguments: '{"zone":"CET"}' },
  ]);
  expect(output).toMatchObject((await openai.responses.retrieve(id)).output);
  server.ollama.scenario = {};
  const next = await openai.responses.create({
    model: "llama3.2:3b",
    previous_response_id: id,
    input: ["call_1", "call_2"].map((call_id) => ({
      type: "function_call_output",
      call_id,
      output: "12:00",
    })),
  });
  expect(next.status).toBe("completed");
  const sent = server.ollama.lastTurn.body as {
    messages: { role: string }[];
  };
  expect(sent.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
});

test("one chain goes through several providers", async () => {
  const { openai, server } = await startWithSdk();
  const first = await openai.responses.create({ model: "ollama/llama3.2:3b", input: "I am Bob" });
  const second = await openai.responses.create({
    model: "chatgpt/gpt-5-mini",
    input: "And I live in Ulm",
    previous_response_id: first.id,
  });
  const third = await openai.responses.create({ model, input: "?", previous_response_id: second.id });
  expect(third.output_text).toContain('"I am Bob" and "And I live in Ulm"');
  const asked = server.openai.turns[0]?.body as { input: unknown[] };
  expect(asked.input).toHaveLength(3);
});

test("items are referred to, repeated, and come without types and with foreign ids", async () => {
  const { openai } = await startWithSdk();
  const first = await openai.responses.create({ model, input: "My name is Bob" });
  const answer = first.output[0];
  const input = [
    { role: "user", content: "My name is Bob" },
    { type: "item_reference", id: answer?.id },
    { type: "message", id: "__fake_id__", role: "user", content: [{ type: "input_text", text: "Twice" }] },
    { type: "message", id: "__fake_id__", role: "user", content: [{ type: "input_text", text: "Twice" }] },
    { role: "developer", content: "Be brief", status: null, unknown_field: { a: 1 } },
    { role: "user", content: "Who am I?" },
  ];
  const second = await openai.responses.create({ model, input: input as never });
  const { data } = await openai.responses.inputItems.list(second.id, { order: "asc" });
  const texts = ["My name is Bob", first.output_text, "Twice", "Be brief", "Who am I?"];
  expect(data).toMatchObject(texts.map((text) => ({ content: [{ text }] })));
  // What the response has in its context already is not taken twice.
  const third = await openai.responses.create({
    model,
    previous_response_id: first.id,
    input: [
      ...first.output,
      { type: "item_reference", id: answer?.id ?? "" },
      { role: "user", content: "x" },
    ] as never,
  });
  expect(third.output_text).toContain("I was sent 3 messages");
  await expect(
    openai.responses.create({ model, input: [{ type: "item_reference", id: "msg_nothing" }] }),
  ).rejects.toMatchObject({ status: 404, param: "input" });
});

test("items of later responses are not in the context of an earlier one, so they are taken", async () => {
  const { openai } = await startWithSdk();
  const first = await openai.responses.create({ model, input: "I am Bob" });
  const second = await openai.responses.create({
    model,
    input: "Say it again",
    previous_response_id: first.id,
  });
  const ofFirst = await openai.responses.inputItems.list(first.id);
  const ofSecond = await openai.responses.inputItems.list(second.id);
  const branch = (input: object[]) =>
    openai.responses.create({ model, previous_response_id: first.id, input: input as never });
  // As the client asked it before.
  const asBefore = await branch([...ofFirst.data, ...first.output, ...ofSecond.data]);
  expect(asBefore.output_text).toBe(second.output_text);
  const references = [...ofSecond.data, ...second.output].map(({ id }) => ({ type: "item_reference", id }));
  const further = await branch([...references, { role: "user", content: "And I live in Ulm" }]);
  const given = await openai.responses.inputItems.list(further.id, { order: "asc" });
  const texts = ["Say it again", second.output_text, "And I live in Ulm"];
  expect(given.data).toMatchObject(texts.map((text) => ({ content: [{ text }] })));
  expect(further.output_text).toContain("I was sent 5 messages");
});

test("what clients really send is taken", async () => {
  const { baseURL } = await startWithSdk();
  const bodies = [
    { input: "x", text: {}, include: [], previous_response_id: null, conversation: null, metadata: null },
    { input: [{ role: "user", content: "x" }], tools: [], tool_choice: "auto", parallel_tool_calls: true },
    {
      input: [
        { type: "message", role: "developer", content: [{ type: "input_text", text: "x" }] },
        { role: "user", content: "y" },
      ],
      store: false,
      include: ["reasoning.encrypted_content"],
      tools: [
        { type: "namespace", name: "n" },
        { type: "web_search" },
        { type: "custom", name: "patch" },
        now,
      ],
      prompt_cache_key: "abc",
      client_metadata: { a: "b" },
      reasoning: { effort: "low", summary: "auto" },
    },
    {
      input: [
        { role: "assistant", content: "before" },
        { role: "user", content: "x" },
      ],
      truncation: "auto",
      user: "u",
    },
    { input: "x", text: { format: { type: "text" }, verbosity: "low" }, service_tier: "auto", top_p: 1 },
  ];
  for (const body of bodies) {
    const answer = await fetch(`${baseURL}/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, ...body }),
    });
    expect(await answer.json()).toMatchObject({ status: "completed" });
  }
});

test("structured output goes to providers that have it, and is refused for others", async () => {
  const { openai, server } = await startWithSdk();
  const format = {
    type: "json_schema" as const,
    name: "person",
    schema: { type: "object", properties: { name: { type: "string" } } },
    strict: true,
  };
  const done = await openai.responses.create({ model: "llama3.2:3b", input: "Bob", text: { format } });
  expect(done.text?.format).toMatchObject(format);
  const sent = server.ollama.lastTurn.body;
  expect(sent).toMatchObject({ response_format: { type: "json_schema", json_schema: { name: "person" } } });
  await expect(openai.responses.create({ model, input: "Bob", text: { format } })).rejects.toMatchObject({
    status: 400,
    type: "invalid_request_error",
  });
});

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

test("an image is stored once, outside the list, and sent again to a model that sees", async () => {
  const { openai, server } = await startWithSdk();
  const image = {
    type: "input_image" as const,
    detail: "auto" as const,
    image_url: `data:image/png;base64,${PNG}`,
  };
  const first = await openai.responses.create({
    model: "chatgpt/gpt-5-mini",
    input: [{ role: "user", content: [{ type: "input_text", text: "What is it?" }, image] }],
  });
  await openai.responses.create({
    model: "chatgpt/gpt-5-mini",
    input: "Sure?",
    previous_response_id: first.id,
  });
  const asked = server.openai.lastTurn.body;
  expect(JSON.stringify(asked)).toContain(PNG);
  const list = (await server.keys()).find((key) => key.endsWith(":messages")) ?? "";
  expect(JSON.stringify(await server.command("LRANGE", list, "0", "-1"))).not.toContain(PNG);
  const { data } = await openai.responses.inputItems.list(first.id);
  expect(data).toMatchObject([
    { content: [{ type: "input_text" }, { type: "input_image", image_url: null }] },
  ]);
});

test("a background response is created at once and polled from another server", async () => {
  const { openai, server } = await startWithSdk({ mirrorDelayMs: 20 });
  const elsewhere = await startTestServer({ name: server.name });
  const other = new OpenAI({ apiKey: "x", baseURL: `${await elsewhere.listen()}/v1`, maxRetries: 0 });
  const begun = await openai.responses.create({ model, input: "slowly", background: true });
  expect(begun).toMatchObject({ status: "in_progress", background: true, output: [] });
  await expect
    .poll(async () => (await other.responses.retrieve(begun.id)).status, { interval: 50 })
    .toBe("completed");
  const replay = await other.responses.retrieve(begun.id, { stream: true });
  const types = [];
  for await (const event of replay) types.push(event.type);
  expect(types.slice(0, 3)).toEqual(["response.created", "response.queued", "response.in_progress"]);
  await expect(
    openai.responses.create({ model, input: "x", background: true, store: false }),
  ).rejects.toMatchObject({ status: 400, code: "unsupported_parameter", param: "background" });
});

test("the tokens of an input are those that a response reports", async () => {
  const { openai } = await startWithSdk();
  const first = await openai.responses.create({ model, input: "My name is Bob" });
  const body = { model, input: "Who am I?", instructions: "Be brief", previous_response_id: first.id };
  const { input_tokens } = await openai.responses.inputTokens.count(body);
  expect(input_tokens).toBe((await openai.responses.create(body)).usage?.input_tokens);
});

test("a history that does not fit is refused with numbers, or loses its oldest turns if that is allowed", async () => {
  const { openai } = await startWithSdk({ env: { CONTEXT_MAX_TOKENS: "300" } });
  let previous: string | undefined;
  const say = (truncation: "auto" | "disabled") =>
    openai.responses.create({
      model,
      input: "This is a sentence of some length, to fill the window. ".repeat(2),
      truncation,
      ...(previous !== undefined && { previous_response_id: previous }),
    });
  for (let n = 0; n < 8; n++) previous = (await say("auto")).id;
  await expect(say("disabled")).rejects.toMatchObject({
    status: 400,
    code: "context_length_exceeded",
    message: expect.stringMatching(/takes (more than )?\d+ tokens; a context window of 300/),
  });
});

test("a client cannot send the address that a file is stored under", async () => {
  const server = await startTestServer();
  const file = {
    type: "input_file",
    filename: "a.pdf",
    file_data: `data:application/pdf;base64,${btoa("pages")}`,
  };
  const ask = (previous_response_id: string | null, ...content: object[]) =>
    server.inject("POST", "/v1/responses", {
      model: "chatgpt/gpt-5-mini",
      previous_response_id,
      input: [{ role: "user", content }],
    });
  const first = (await ask(null, { type: "input_text", text: "What is this?" }, file)).json();
  expect(first).toMatchObject({ status: "completed" });
  expect(JSON.stringify(server.openai.lastTurn.body).split(file.file_data)).toHaveLength(2);
  const listed = (await server.inject("GET", `/v1/responses/${first.id}/input_items`)).json();
  const { file_id: blob } = listed.data[0].content[1];
  expect(blob).toMatch(/^sha256-/);

  const again = { type: "input_file", filename: "a.pdf", blob };
  const second = await ask(first.id, { type: "input_text", text: "And this?" }, again, again);
  expect(second.json()).toMatchObject({ status: "completed" });
  // The one of the first request is in the history.
  expect(JSON.stringify(server.openai.lastTurn.body).split(file.file_data)).toHaveLength(2);
});
