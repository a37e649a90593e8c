import { once } from "node:events";
import type OpenAI from "openai";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "llama3.2:3b";
const messages = [{ role: "user" as const, content: "Hi" }];
const input = [...messages, { role: "assistant" as const, content: "Hello" }];
const answer = { words: 1000, delayMs: 20 };

type Ask = (openai: OpenAI, options: { signal: AbortSignal }) => Promise<unknown>;

test.each<[string, Ask]>([
  ["a completion", (openai, options) => openai.chat.completions.create({ model, messages }, options)],
  [
    "a streamed completion",
    (openai, options) =>
      openai.chat.completions.create({ model, messages, stream: true }, options).then(Array.fromAsync),
  ],
  ["a response", (openai, options) => openai.responses.create({ model, input: "Hi", store: false }, options)],
  ["a compaction", (openai, options) => openai.responses.compact({ model, input }, options)],
])("%s that is not stored ends when its client disconnects", async (_, ask) => {
  const { openai, server } = await startWithSdk();
  server.ollama.scenario = answer;
  const client = new AbortController();
  const asked = ask(openai, { signal: client.signal }).catch(() => {});
  const called = () => server.ollama.turns[0];
  await expect.poll(called).toBeDefined();
  client.abort();
  await asked;
  await expect.poll(() => called()?.outcome).toBe("aborted");
  await expect
    .poll(async () => (await server.inject("GET", "/metrics")).body)
    .toContain("rmm_turns_running 0");
});

test("a stored response goes on when its client disconnects", async () => {
  const { openai, server } = await startWithSdk();
  server.ollama.scenario = { pieces: ["one ", "two"], pausedAfter: 1 };
  const client = new AbortController();
  const asked = openai.responses.create({ model, input: "Hi" }, { signal: client.signal });
  const called = () => server.ollama.turns[0];
  await expect.poll(called).toBeDefined();
  client.abort();
  await expect(asked).rejects.toThrow();
  await server.ollama.resume();
  await expect.poll(() => called()?.outcome).toBe("answered");
});

test("a response that is not stored ends when its WebSocket closes", async () => {
  const { baseURL, server } = await startWithSdk();
  server.ollama.scenario = answer;
  const socket = new WebSocket(`${baseURL.replace("http", "ws")}/responses`);
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "response.create", model, input: "Hi", store: false }));
  await once(socket, "message");
  socket.terminate();
  await expect.poll(() => server.ollama.lastTurn.outcome).toBe("aborted");
});

test.each([
  ["in a branch", {}],
  ["without being stored", { store: false }],
])(
  "a response that waits for its parent does not begin %s when its client disconnects",
  async (_, fields) => {
    const { openai, server } = await startWithSdk();
    server.ollama.scenario = { pieces: ["one ", "two"], pausedAfter: 1 };
    const { id: conversation } = await openai.conversations.create();
    const parent = await openai.responses.create({ model, input: "Hi", conversation, background: true });
    const client = new AbortController();
    const body = { model, input: "And?", previous_response_id: parent.id, ...fields };
    const arrived = once(server.api.server, "request");
    const asked = openai.responses.create(body, { signal: client.signal }).catch(() => {});
    await arrived;
    client.abort();
    await asked;
    const metrics = async () => (await server.inject("GET", "/metrics")).body;
    await expect.poll(metrics).toContain('rmm_problems_total{code="turn_in_progress"} 1');
    await server.ollama.resume();
    await server.ollama.idle();
    expect(server.ollama.turns).toHaveLength(1);
  },
);
