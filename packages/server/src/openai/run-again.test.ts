import OpenAI from "openai";
import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "ollama/llama3.2:3b";

/** Two servers on one Redis. The first one's model says nothing, the other one's answers. */
async function startTwo() {
  const first = await startWithSdk();
  first.server.ollama.scenario = { initialDelayMs: 60_000 };
  const second = await startTestServer({ name: first.server.name });
  second.ollama.scenario = { pieces: ["Hello ", "there"] };
  const baseURL = `${await second.listen()}/v1`;
  const other = new OpenAI({ apiKey: "any", baseURL, maxRetries: 0 });
  /** As if the first server had died or were frozen. */
  const expireLease = async () => {
    const metas = (await first.server.keys()).filter((key) => key.endsWith(":meta"));
    for (const meta of metas) await first.server.command("HSET", meta, "lease", "1");
  };
  return { ...first, second, other, otherURL: baseURL, expireLease };
}

const replay = async (url: string) => (await (await fetch(url)).text()).replace("data: [DONE]\n\n", "");

test("a background response without output whose server died is run again, once, by whichever server is asked", async () => {
  const { openai, other, otherURL, baseURL, second, expireLease } = await startTwo();
  const conversation = (await openai.conversations.create()).id;
  const begun = await openai.responses.create({
    ...{ model, conversation, background: true, input: "Hi", metadata: { a: "b" } },
  });
  await expireLease();
  const polls = await Promise.all(Array.from({ length: 5 }, () => other.responses.retrieve(begun.id)));
  for (const { id, status } of polls) {
    expect(id).toBe(begun.id);
    expect(["in_progress", "completed"]).toContain(status);
  }
  await expect.poll(async () => (await other.responses.retrieve(begun.id)).status).toBe("completed");
  const done = await openai.responses.retrieve(begun.id);
  expect(done).toMatchObject({
    id: begun.id,
    created_at: begun.created_at,
    output_text: "Hello there",
    metadata: { a: "b", runs: "2" },
    background: true,
  });
  expect(second.ollama.turns).toHaveLength(1);
  const { data } = await openai.conversations.items.list(conversation, { order: "asc" });
  expect(data).toMatchObject([{ role: "user" }, { role: "assistant" }]);
  expect(data[1]?.id).toBe(done.output[0]?.id);
  const path = `/responses/${begun.id}?stream=true`;
  const whole = await replay(otherURL + path);
  expect(whole).toContain("response.completed");
  expect(await replay(baseURL + path)).toBe(whole);
  expect(await replay(`${otherURL}${path}&starting_after=2`)).toBe(
    whole.slice(whole.indexOf("event: response.output_item.added")),
  );
});

test("a stream that follows such a response goes on with its second run", async () => {
  const { openai, otherURL, expireLease } = await startTwo();
  const begun = await openai.responses.create({ model, background: true, input: "Hi" });
  const followed = replay(`${otherURL}/responses/${begun.id}?stream=true`);
  await expireLease();
  const live = await followed;
  expect(live).toContain('"delta":"Hell"');
  expect(live.match(/event: response\.(completed|failed|incomplete)/g)).toEqual([
    "event: response.completed",
  ]);
  expect(await replay(`${otherURL}/responses/${begun.id}?stream=true`)).toBe(live);
});

test("its second run is a parent, can be cancelled, and is deleted with it", async () => {
  const { openai, other, second, server, expireLease } = await startTwo();
  const background = { model, background: true, input: "Hi" };
  const lost = await openai.responses.create(background);
  await expireLease();
  const child = { model: "mirror", input: "And?", previous_response_id: lost.id };
  await expect.poll(async () => (await other.responses.retrieve(lost.id)).status).toBe("completed");
  expect((await other.responses.create(child)).output_text).toContain("I was sent 3 messages");
  expect((await other.responses.create({ ...child, store: false })).output_text).toContain("3 messages");
  second.ollama.scenario = { initialDelayMs: 60_000 };
  const next = await openai.responses.create(background);
  await expireLease();
  await expect(other.responses.delete(next.id)).rejects.toMatchObject({ status: 400 });
  expect(await other.responses.cancel(next.id)).toMatchObject({ id: next.id, status: "cancelled" });
  const before = (await server.keys()).length;
  await other.responses.delete(next.id);
  await expect(other.responses.retrieve(next.id)).rejects.toMatchObject({ status: 404 });
  expect((await server.keys()).length).toBeLessThan(before);
});

test("a second death ends it, and so does the first one of a response with output or without background", async () => {
  const { openai, other, server, second, expireLease } = await startTwo();
  second.ollama.scenario = { initialDelayMs: 60_000 };
  const twice = await openai.responses.create({ model, background: true, input: "Hi" });
  await expireLease();
  expect((await other.responses.retrieve(twice.id)).status).toBe("in_progress");
  await expireLease();
  expect(await other.responses.retrieve(twice.id)).toMatchObject({
    id: twice.id,
    status: "failed",
    error: { code: "server_error" },
    metadata: { runs: "2" },
  });
  server.ollama.scenario = { pieces: ["So ", "far"], pausedAfter: 1 };
  const partial = await openai.responses.create({ model, background: true, input: "Hi" });
  await expect.poll(async () => (await other.responses.retrieve(partial.id)).output_text).toContain("So");
  await expireLease();
  expect(await other.responses.retrieve(partial.id)).toMatchObject({
    status: "failed",
    output: [{ status: "incomplete" }],
    metadata: {},
  });
});
