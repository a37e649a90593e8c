import OpenAI from "openai";
import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";

test("answers with a whole response", async () => {
  const { openai } = await startWithSdk();
  const response = await openai.responses.create({
    model,
    input: "Hi",
    metadata: { a: "1" },
    temperature: 0,
  });
  expect(response.output_text).toBe(
    "I was sent 1 message: this one. I know nothing of what was said before.",
  );
  expect(response).toMatchObject({
    object: "response",
    status: "completed",
    error: null,
    incomplete_details: null,
    metadata: { a: "1" },
    model,
    previous_response_id: null,
    temperature: 0,
    store: true,
  });
  expect(response.id).toMatch(/^resp_[0-9a-f]{48}$/);
  for (const count of Object.values(response.usage ?? {}).filter((value) => typeof value !== "object")) {
    expect(count).toEqual(expect.any(Number));
  }
  expect(await openai.responses.retrieve(response.id)).toEqual(response);
});

test("a chain remembers, and instructions are not inherited", async () => {
  const { openai } = await startWithSdk();
  const first = await openai.responses.create({ model, input: "My name is Bob", instructions: "Be brief" });
  const second = await openai.responses.create({ model, input: "Who am I?", previous_response_id: first.id });
  expect(second.output_text).toContain('"My name is Bob"');
  expect(second.previous_response_id).toBe(first.id);
  expect(first.instructions).toBe("Be brief");
  expect(second.instructions).toBeNull();
  const items = await openai.responses.inputItems.list(second.id);
  expect(items.data).toMatchObject([
    { type: "message", role: "user", content: [{ type: "input_text", text: "Who am I?" }] },
  ]);
});

test("the SDK's strict helper takes the stream", async () => {
  const { openai } = await startWithSdk({ mirrorDelayMs: 2 });
  const stream = openai.responses.stream({ model, input: "Hi" });
  const types: string[] = [];
  const numbers: number[] = [];
  for await (const event of stream) {
    types.push(event.type);
    numbers.push(event.sequence_number);
  }
  const final = await stream.finalResponse();
  expect(final.output_text).toContain("I was sent 1 message");
  expect(numbers).toEqual(numbers.map((_, n) => n));
  expect(types.filter((type) => type !== "response.output_text.delta")).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
  expect(final.id).toBe((await openai.responses.retrieve(final.id)).id);
});

const read = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).text();
const create = (body: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const eventsOf = (stream: string) => stream.split("\n\n").filter((event) => event.startsWith("event:"));

test("every event can be replayed from, byte by byte, while it runs and after, from another server", async () => {
  const first = await startWithSdk({ mirrorDelayMs: 10 });
  const second = await startTestServer({ name: first.server.name });
  const elsewhere = `${await second.listen()}/v1`;
  const response = await fetch(
    `${first.baseURL}/responses`,
    create({ model, input: "Ä 👋 hi", stream: true }),
  );
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let live = "";
  const during: Promise<string>[] = [];
  let id = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    live += value;
    id ||= /"id":"(resp_\w+)"/.exec(live)?.[1] ?? "";
    during.push(read(`${elsewhere}/responses/${id}?stream=true`));
  }
  expect(during.length).toBeGreaterThan(3);
  for (const replay of await Promise.all(during)) expect(eventsOf(replay)).toEqual(eventsOf(live));
  const events = eventsOf(live);
  for (let after = -1; after < events.length + 1; after++) {
    const replay = await read(`${elsewhere}/responses/${id}?stream=true&starting_after=${after}`);
    expect(eventsOf(replay)).toEqual(events.slice(after + 1));
    expect(replay.endsWith("data: [DONE]\n\n")).toBe(true);
  }
});

test("two that follow one parent both run, and neither knows of the other", async () => {
  const { openai } = await startWithSdk({ mirrorDelayMs: 5 });
  const parent = await openai.responses.create({ model, input: "root" });
  const children = await Promise.all(
    ["left", "right", "middle"].map((input) =>
      openai.responses.create({ model, input, previous_response_id: parent.id }),
    ),
  );
  const again = await Promise.all(
    children.map(({ id }) => openai.responses.create({ model, input: "?", previous_response_id: id })),
  );
  expect(again.map(({ output_text }) => /you said: (.*)\.$/.exec(output_text)?.[1])).toEqual([
    '"root" and "left"',
    '"root" and "right"',
    '"root" and "middle"',
  ]);
});

test("goes on after a parent that is still running", async () => {
  const { openai } = await startWithSdk({ mirrorDelayMs: 10 });
  const stream = await openai.responses.create({ model, input: "slow one", stream: true });
  for await (const event of stream) {
    if (event.type !== "response.created") continue;
    const child = await openai.responses.create({
      model,
      input: "and now?",
      previous_response_id: event.response.id,
    });
    expect(child.output_text).toContain('"slow one"');
    break;
  }
});

test("a response that is not stored leaves no key, and knows what it goes on from", async () => {
  const { openai, server } = await startWithSdk();
  const unstored = await openai.responses.create({ model, input: "secret", store: false });
  expect(unstored).toMatchObject({ status: "completed", store: false });
  expect(await server.keys()).toEqual([]);
  await expect(openai.responses.retrieve(unstored.id)).rejects.toMatchObject({ status: 404 });
  await expect(
    openai.responses.create({ model, input: "x", previous_response_id: unstored.id }),
  ).rejects.toMatchObject({
    status: 400,
    code: "previous_response_not_found",
    param: "previous_response_id",
    type: "invalid_request_error",
  });
  const stored = await openai.responses.create({ model, input: "kept" });
  const keys = await server.keys();
  const child = await openai.responses.create({
    model,
    input: "x",
    previous_response_id: stored.id,
    store: false,
  });
  expect(child.output_text).toContain('"kept"');
  expect(await server.keys()).toEqual(keys);
});

test("is cancelled from another server, again and again, and its stream ends", async () => {
  const { openai, server } = await startWithSdk({ mirrorDelayMs: 200 });
  const elsewhere = await startTestServer({ name: server.name });
  const other = new OpenAI({ apiKey: "x", baseURL: `${await elsewhere.listen()}/v1`, maxRetries: 0 });
  const stream = await openai.responses.create({ model, input: "long", stream: true });
  let last: OpenAI.Responses.ResponseStreamEvent | undefined;
  for await (const event of stream) {
    last = event;
    if (event.type !== "response.in_progress") continue;
    expect(await other.responses.cancel(event.response.id)).toMatchObject({ status: "cancelled" });
    expect(await other.responses.cancel(event.response.id)).toMatchObject({ status: "cancelled" });
  }
  expect(last).toMatchObject({ type: "response.failed", response: { status: "cancelled" } });
  const done = await openai.responses.create({ model, input: "Hi", max_output_tokens: 1 });
  expect(done).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
  await expect(openai.responses.cancel(done.id)).rejects.toMatchObject({ status: 400 });
});

test("a deleted response cannot be read or continued; later ones keep their history", async () => {
  const { openai, server } = await startWithSdk();
  const first = await openai.responses.create({ model, input: "one" });
  const second = await openai.responses.create({ model, input: "two", previous_response_id: first.id });
  await openai.responses.delete(first.id);
  await expect(openai.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
  await expect(
    openai.responses.create({ model, input: "x", previous_response_id: first.id }),
  ).rejects.toMatchObject({ code: "previous_response_not_found" });
  const third = await openai.responses.create({ model, input: "three", previous_response_id: second.id });
  expect(third.output_text).toContain('"one" and "two"');
  await openai.responses.delete(second.id);
  await openai.responses.delete(third.id);
  expect(await server.sessionKeys()).toEqual([]);
});

test("the models are listed, with aliases, and found by each of their names", async () => {
  const { openai } = await startWithSdk({
    env: { MODEL_ALIASES: '{"gpt-4.1-nano": "mirror/mirror", "gone": "nowhere"}' },
  });
  const names = (await openai.models.list()).data.map(({ id }) => id);
  expect(names).toEqual(expect.arrayContaining(["mirror", "gpt-4.1-nano"]));
  expect(names).not.toContain("gone");
  for (const name of ["mirror", "mirror/mirror", "gpt-4.1-nano"]) {
    expect(await openai.models.retrieve(name)).toMatchObject({ id: name, owned_by: "mirror" });
    expect(await openai.responses.create({ model: name, input: "Hi" })).toMatchObject({ model: name });
  }
  await expect(openai.responses.create({ model: "gone", input: "Hi" })).rejects.toMatchObject({
    status: 404,
    code: "model_not_found",
    param: "model",
  });
});
