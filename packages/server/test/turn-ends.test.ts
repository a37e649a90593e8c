import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startTestServer } from "./test-server.ts";

const asking = { message: "Hi", mode: "stateful", provider: "ollama", session_id: "s" };
const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const usage = (prompt_tokens: number, completion_tokens: number) =>
  `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens, completion_tokens } })}\n\n`;
const DONE = "data: [DONE]\n\n";
const eventsOf = (stream: string) =>
  [...stream.matchAll(/^event: (\S+)\ndata: (.*)$/gm)].map(([, event, json]) => ({
    event,
    data: JSON.parse(json ?? ""),
  }));

describe("how an answer ended", () => {
  test("is in the response, the stream's end, the turn and the session's messages", async () => {
    const server = await startTestServer();
    server.ollama.scenario = { packets: [chunk({ content: "Half of a sen" }), chunk({}, "length"), DONE] };
    const whole = (await server.inject("POST", "/chat", asking)).json();
    expect(whole).toMatchObject({ status: "completed", finish_reason: "length", response: "Half of a sen" });
    const stream = await server.inject("POST", "/chat", asking, { accept: "text/event-stream" });
    expect(eventsOf(stream.body).at(-1)).toMatchObject({
      event: "turn-completed",
      data: { finish_reason: "length" },
    });
    const turn = (await server.inject("GET", `/sessions/s/turns/${whole.turn_id}`)).json();
    expect(turn).toMatchObject({ status: "completed", finish_reason: "length" });
    const { messages } = (await server.inject("GET", "/sessions/s/messages")).json();
    expect(messages[1].turn).toMatchObject({ status: "completed", finish_reason: "length" });
  });

  test.each([
    [
      "all its tokens were for thinking",
      [chunk({ reasoning_content: "Hm" }), chunk({}, "length"), DONE],
      /thinking/,
    ],
    ["nothing came", [chunk({ role: "assistant", content: "" }), chunk({}, "stop"), DONE], /not a word/],
    ["a filter stopped it", [chunk({}, "content_filter"), DONE], /filter/],
  ])(
    "is a failure where %s, and the next turn sends no two questions in a row",
    async (_, packets, detail) => {
      const server = await startTestServer();
      server.ollama.scenario = { packets };
      const failed = await server.inject("POST", "/chat", asking);
      expect(failed.statusCode).toBe(502);
      expect(failed.json()).toMatchObject({
        code: "provider_no_answer",
        detail: expect.stringMatching(detail),
      });
      server.ollama.scenario = { pieces: ["Hello"] };
      const next = await server.inject("POST", "/chat", { ...asking, message: "Are you there?" });
      expect(next.json()).toMatchObject({ status: "completed", response: "Hello" });
      expect(server.ollama.lastTurn.body).toMatchObject({
        messages: [{ role: "system" }, { role: "user", content: "Hi\n\nAre you there?" }],
      });
      const report = (await server.inject("GET", `/sessions/s/turns/${next.json().turn_id}`)).json().report;
      expect(report.normalized).toContainEqual({ change: "joined", messages: 1 });
      expect(report.intact).toBe(true);
    },
  );

  test("is whole where the connection stays open behind it", async () => {
    const server = await startTestServer({ env: { IDLE_TIMEOUT_SECONDS: "10" } });
    server.ollama.scenario = {
      packets: [chunk({ content: "Hello" }), chunk({}, "stop"), ":\n\n"],
      delayMs: 3000,
    };
    expect((await server.inject("POST", "/chat", asking)).json()).toMatchObject({
      status: "completed",
      response: "Hello",
    });
  });
});

test("an unrequested tool call is an answer, and the next turn does not send it", async () => {
  const server = await startTestServer();
  const call = { tool_calls: [{ function: { name: "look_up", arguments: '{"x":1}' } }] };
  server.ollama.scenario = { packets: [chunk(call), chunk({}, "stop"), DONE] };
  const answer = (await server.inject("POST", "/chat", asking)).json();
  const item = { type: "function_call", content: '{"x":1}', tool_calls: [{ name: "look_up" }] };
  expect(answer).toMatchObject({
    status: "completed",
    finish_reason: "tool_call",
    response: "",
    output: [item],
  });
  server.ollama.scenario = { pieces: ["Hello"] };
  const next = (await server.inject("POST", "/chat", { ...asking, message: "Are you there?" })).json();
  expect(server.ollama.lastTurn.body).toMatchObject({
    messages: [{ role: "system" }, { role: "user", content: "Hi\n\nAre you there?" }],
  });
  const { report } = (await server.inject("GET", `/sessions/s/turns/${next.turn_id}`)).json();
  expect(report.normalized).toContainEqual({ change: "call_left_out", messages: 1 });
  expect(report.intact).toBe(true);
});

test("what a model thinks is shown as thinking, stored beside its answer, and not sent again", async () => {
  const server = await startTestServer();
  server.ollama.scenario = {
    packets: [
      chunk({ content: "<thi" }),
      chunk({ content: "nk>They greet me.</think>\n\nHello!" }, "stop"),
      DONE,
    ],
  };
  const stream = await server.inject("POST", "/chat", asking, { accept: "text/event-stream" });
  const events = eventsOf(stream.body);
  expect(events.map(({ event }) => event)).toContain("turn-thinking");
  expect(events.at(-1)?.data).toMatchObject({
    response: "Hello!",
    output: [
      { type: "reasoning", content: "They greet me." },
      { type: "message", role: "assistant", content: "Hello!" },
    ],
  });
  await server.inject("POST", "/chat", { ...asking, message: "And?" });
  expect(JSON.stringify(server.ollama.lastTurn.body)).not.toContain("greets");
});

test("comments keep a turn alive for longer than a first word may take", async () => {
  const server = await startTestServer({ env: { FIRST_TOKEN_TIMEOUT_SECONDS: "1" } });
  async function* packets() {
    for (let n = 0; n < 6; n++) {
      yield ": PROCESSING\n\n";
      vi.advanceTimersByTime(300);
    }
    yield* [chunk({ content: "Hello" }, "stop"), DONE];
  }
  server.ollama.scenario = { packets: packets() };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  expect((await server.inject("POST", "/chat", asking)).json()).toMatchObject({ response: "Hello" });
});

describe("a context window that is smaller than planned", () => {
  test("is learnt from the error, and the turn is run once more with it", async () => {
    const server = await startTestServer();
    server.ollama.models = { "llama3.2:3b": { trained: 8192, allocated: 8192 } };
    const history = Array.from({ length: 60 }, (_, n) => ({
      role: n % 2 === 0 ? "user" : "assistant",
      content: `Message ${n}: ${"words and more words ".repeat(12)}`,
    }));
    await server.inject("POST", "/sessions/s/messages", { messages: history });
    server.ollama.windowLimit = 512;
    const answer = await server.inject("POST", "/chat", asking);
    expect(answer.json()).toMatchObject({ status: "completed" });
    const turn = (await server.inject("GET", `/sessions/s/turns/${answer.json().turn_id}`)).json();
    expect(turn.report).toMatchObject({ context_window: 512, budget: 384 });
    const calls = server.ollama.turns.length;
    await server.inject("POST", "/chat", asking);
    expect(server.ollama.turns).toHaveLength(calls + 1);
  });

  test("is flagged in the response and the conversation when the prompt was cut in silence", async () => {
    const server = await startTestServer();
    server.ollama.models = { "llama3.2:3b": { trained: 4096 } };
    const history = Array.from({ length: 20 }, (_, n) => ({
      role: n % 2 === 0 ? "user" : "assistant",
      content: `Message ${n}: ${"words and more words ".repeat(8)}`,
    }));
    await server.inject("POST", "/sessions/s/messages", { messages: history });
    server.ollama.scenario = { packets: [chunk({ content: "Hello" }, "stop"), usage(489, 5), DONE] };
    server.ollama.native = false;
    const answer = (await server.inject("POST", "/chat", asking)).json();
    expect(answer.truncation).toMatchObject({ suspected: true, reason: "prompt_cut", read_tokens: 489 });
    const { messages } = (await server.inject("GET", "/sessions/s/messages?limit=2")).json();
    expect(messages.at(-1).turn.truncation).toMatchObject({ reason: "prompt_cut" });
    // From now on what it read is its window.
    const next = (await server.inject("POST", "/chat", asking)).json();
    const turn = (await server.inject("GET", `/sessions/s/turns/${next.turn_id}`)).json();
    expect(turn.report.context_window).toBe(489);
  });
});

describe("a model of Ollama that is not loaded", () => {
  test("is loaded over a connection of its own, which outlives the turn, and is shown as loading", async () => {
    const server = await startTestServer();
    server.ollama.models = { "llama3.2:3b": { trained: 131_072 } };
    server.ollama.loadMs = 400;
    const stream = await server.inject("POST", "/chat", asking, { accept: "text/event-stream" });
    const loading = eventsOf(stream.body).find(({ event }) => event === "turn-thinking");
    expect(loading?.data.activity).toBe("loading");
    expect(eventsOf(stream.body).at(-1)?.event).toBe("turn-completed");
    const load = server.ollama.requests.find(({ url }) => url === "/api/generate");
    expect(load?.body).toEqual({ model: "llama3.2:3b" });
  });

  test("continues loading when the turn that started it is cancelled", async () => {
    const server = await startTestServer();
    server.ollama.models = { "llama3.2:3b": { trained: 131_072 } };
    server.ollama.loadMs = 300;
    const turn = server.inject("POST", "/chat", { ...asking, session_id: "c" });
    while (!server.ollama.requests.some(({ url }) => url === "/api/generate")) await sleep(10);
    const { running_turn_id } = (await server.inject("GET", "/sessions/c")).json();
    await server.inject("POST", `/sessions/c/turns/${running_turn_id}/cancel`);
    expect((await turn).json()).toMatchObject({ status: "cancelled" });
    await server.ollama.idle();
    expect(server.ollama.requests.find(({ url }) => url === "/api/generate")?.outcome).toBe("answered");
  });

  test("is given no more than its window has room for", async () => {
    const server = await startTestServer();
    await server.inject("POST", "/chat", asking);
    const { max_tokens } = server.ollama.lastTurn.body as { max_tokens: number };
    expect(max_tokens).toBeGreaterThan(3900);
    expect(max_tokens).toBeLessThan(4096);
  });
});
