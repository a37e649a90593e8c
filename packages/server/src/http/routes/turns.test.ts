import { turn, turnEvents } from "@redis-memory-magic/protocol";
import { createParser } from "eventsource-parser";
import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

interface Event {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Record<string, unknown> & { text?: string; turn_id?: string };
}

const asking = {
  message: "one two three four five six",
  mode: "stateful",
  provider: "mirror",
  session_id: "s",
};

async function* events(response: Response): AsyncGenerator<Event> {
  const found: Event[] = [];
  const parser = createParser({
    onEvent: ({ event = "", id, data }) => void found.push({ event, id, data: JSON.parse(data) }),
  });
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    parser.feed(chunk);
    yield* found.splice(0);
  }
}

const post = async (
  server: TestServer,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
) =>
  fetch(`${await server.listen()}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });

/** Starts a turn that is still running after its first word, until the test resumes it. */
async function startPaused(server: TestServer) {
  server.openai.scenario = { pieces: ["one ", "two"], pausedAfter: 1 };
  const reading = events(await post(server, { ...asking, provider: "chatgpt" }));
  return { reading, data: ((await reading.next()).value as Event).data };
}

/** What the provider was sent, without the probes of its availability. */
const turnsAsked = (server: TestServer) => server.openai.turns;

const all = async (response: Response): Promise<Event[]> => Array.fromAsync(events(response));
const textOf = (found: readonly Event[], kind = "text-delta") =>
  found.map(({ event, data }) => (event === kind ? data.text : "")).join("");

test("a stream has the events of the protocol, with ids that are its position", async () => {
  const server = await startTestServer({ mirrorDelayMs: 5 });
  const response = await post(server, asking);
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const found = await all(response);
  expect(found[0]).toMatchObject({ event: "turn-started", id: "0" });
  let length = 0;
  for (const { event, id, data } of found.slice(1, -1)) {
    expect(event).toBe("text-delta");
    length += data.text?.length ?? 0;
    expect(id).toBe(String(length));
  }
  const end = found.at(-1);
  expect(end).toMatchObject({ event: "turn-completed", id: `${length}.end`, data: { message_count: 2 } });
  expect(textOf(found)).toBe(end?.data.response);
  for (const { event, data } of found) turnEvents[event as keyof typeof turnEvents].parse(data);
  expect(found.length).toBeGreaterThan(4);
});

test("a stream is resumed from every id that it sent, during and after, and repeats and loses nothing", async () => {
  const server = await startTestServer({ mirrorDelayMs: 10 });
  const reading = events(await post(server, asking));
  const started = (await reading.next()).value as Event;
  const url = `${await server.listen()}/sessions/s/turns/${started.data.turn_id}/events`;
  const resume = async (id: string) => fetch(url, { headers: { "last-event-id": id } });
  const during: Promise<Event[]>[] = [];
  const found: Event[] = [started];
  for await (const event of reading) {
    found.push(event);
    if (event.event === "text-delta") during.push(resume(event.id ?? "").then(all));
  }
  const whole = textOf(found);
  for (const [n, rest] of (await Promise.all(during)).entries()) {
    expect(textOf(found.slice(0, n + 2)) + textOf(rest)).toBe(whole);
    expect(rest.at(-1)?.event).toBe("turn-completed");
  }
  for (const { id = "" } of found.slice(0, -1)) {
    const rest = await all(await resume(id));
    expect(whole.slice(0, Number(id)) + textOf(rest)).toBe(whole);
    expect(rest.map((event) => event.id)).not.toContain(id);
  }
  expect((await resume(found.at(-1)?.id ?? "")).status).toBe(204);
  for (const nonsense of ["-1", "x", "1.5", "9".repeat(30), "100000", "5.end.end"]) {
    const refused = await resume(nonsense);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "invalid_request" });
  }
});

test("HEAD on a stream closes it", async () => {
  const server = await startTestServer();
  const { reading, data } = await startPaused(server);
  const url = `${await server.listen()}/sessions/s/turns/${data.turn_id}/events`;
  const streams = async () =>
    (await server.inject("GET", "/metrics")).body.match(/^rmm_streams_open (\d+)/m)?.[1];
  expect((await fetch(url, { method: "HEAD" })).headers.get("content-type")).toMatch(/^text\/event-stream/);
  expect(await streams()).toBe("1");
  await server.openai.resume();
  await Array.fromAsync(reading);
});

test.each([
  ["text/event-stream", true],
  ["Text/Event-Stream; charset=utf-8", true],
  ["application/json, text/event-stream", true],
  ["text/event-stream;q=0.9, application/json;q=0.8", true],
  ["application/json, text/event-stream;q=0.5", false],
  ["text/event-stream;q=0, */*", false],
  ["*/*", false],
])("Accept: %s is answered with a stream: %s", async (accept, streamed) => {
  const server = await startTestServer();
  const response = await post(server, asking, { accept });
  expect(response.headers.get("content-type")?.startsWith("text/event-stream")).toBe(streamed);
  await response.text();
});

test("a client that leaves does not end the turn", async () => {
  const server = await startTestServer({ mirrorDelayMs: 20 });
  const left = new AbortController();
  const reading = events(await post(server, asking, {}, left.signal));
  const { data } = (await reading.next()).value as Event;
  left.abort();
  await reading.next().catch(() => {});
  const url = `/sessions/s/turns/${data.turn_id}`;
  await expect.poll(async () => (await server.inject("GET", url)).json().status).toBe("completed");
});

test("one turn at a time: another is refused with the id of the one that runs", async () => {
  const server = await startTestServer();
  const { reading, data } = await startPaused(server);
  const refused = await server.inject("POST", "/chat", asking);
  expect(refused.statusCode).toBe(409);
  expect(refused.json()).toMatchObject({ code: "turn_in_progress", turn_id: data.turn_id, session_id: "s" });
  await server.openai.resume();
  await Array.fromAsync(reading);
  expect((await server.inject("GET", "/sessions/s")).json().message_count).toBe(2);
});

test("cancelling ends the turn at once, keeps its text, and aborts the request upstream", async () => {
  const server = await startTestServer();
  server.openai.scenario = { words: 200, delayMs: 20 };
  const reading = events(await post(server, { ...asking, provider: "chatgpt" }));
  const found: Event[] = [];
  for await (const event of reading) {
    found.push(event);
    if (found.length === 4) {
      const url = `/sessions/s/turns/${event.data.turn_id}/cancel`;
      expect((await server.inject("POST", url)).json()).toMatchObject({ status: "cancelled" });
    }
  }
  expect(found.at(-1)).toMatchObject({
    event: "turn-cancelled",
    data: { status: "cancelled", message_count: 2 },
  });
  expect(textOf(found)).toBe(found.at(-1)?.data.response);
  await expect.poll(() => turnsAsked(server).at(-1)?.outcome).toBe("aborted");
  const again = await server.inject("POST", `/sessions/s/turns/${found[0]?.data.turn_id}/cancel`);
  expect(again.json()).toMatchObject({ status: "cancelled" });
  const messages = (await server.inject("GET", "/sessions/s/messages")).json().messages;
  expect(messages.at(-1)).toMatchObject({ content: textOf(found), turn: { status: "cancelled" } });
});

test("the same idempotency key and body are one turn, however often and however asked", async () => {
  const server = await startTestServer();
  server.openai.scenario = { words: 20, delayMs: 5 };
  const body = { message: "Hi", mode: "stateful", provider: "chatgpt" };
  const headers = { "idempotency-key": "key-1" };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => server.inject("POST", "/chat", body, headers)),
  );
  const streamed = await all(await post(server, body, headers));
  const reordered = await server.inject(
    "POST",
    "/chat",
    { provider: "chatgpt", mode: "stateful", message: "Hi" },
    headers,
  );
  const turns = new Set([...answers, reordered].map((answer) => answer.json().turn_id));
  turns.add(streamed[0]?.data.turn_id);
  expect(turns.size).toBe(1);
  expect(new Set(answers.map((answer) => answer.json().response)).size).toBe(1);
  expect(server.openai.turns).toHaveLength(1);
  const other = await server.inject("POST", "/chat", { ...body, message: "Ho" }, headers);
  expect(other.statusCode).toBe(422);
  expect(other.json().code).toBe("idempotency_mismatch");
});

test.each([
  ["fake-401", 502, "provider_unauthorized"],
  ["fake-quota", 502, "provider_quota_exceeded"],
  ["fake-429", 429, "provider_rate_limited"],
  ["fake-unknown", 502, "provider_model_not_found"],
  ["fake-context", 502, "provider_context_exceeded"],
  ["fake-cut", 502, "provider_broke_off"],
])(
  "a provider's failure (%s) is a problem document; the stream's last event has the same code and detail",
  async (model, status, code) => {
    const server = await startTestServer();
    const body = { ...asking, provider: "chatgpt", model };
    const answer = await server.inject("POST", "/chat", body);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, turn_id: expect.any(String), response: expect.any(String) });
    const streamed = await all(await post(server, { ...body, session_id: "t" }));
    expect(streamed.at(-1)).toMatchObject({ event: "turn-failed", data: { code, status: "failed" } });
    expect(textOf(streamed)).toBe(streamed.at(-1)?.data.response);
  },
);

test("a turn that failed can be tried again: the message is not appended twice", async () => {
  const server = await startTestServer();
  const failed = (
    await server.inject("POST", "/chat", { ...asking, provider: "chatgpt", model: "fake-cut" })
  ).json();
  const retry = { mode: "stateful", provider: "mirror", session_id: "s", retry_of: failed.turn_id };
  const answer = (await server.inject("POST", "/chat", retry)).json();
  expect(answer).toMatchObject({ status: "completed", message_count: 2 });
  expect(answer.response).toContain("1 message");
  const first = turn.parse((await server.inject("GET", `/sessions/s/turns/${failed.turn_id}`)).json());
  expect(first).toMatchObject({ status: "failed", code: "provider_broke_off", response: failed.response });
  const refused = await server.inject("POST", "/chat", retry);
  expect(refused.statusCode).toBe(409);
  expect(refused.json().code).toBe("retry_refused");
});

test("a provider that falls silent is given up after its deadline", async () => {
  const env = { FIRST_TOKEN_TIMEOUT_SECONDS: "1", IDLE_TIMEOUT_SECONDS: "1" };
  const server = await startTestServer({ env });
  for (const model of ["fake-silent", "fake-stalled"]) {
    const answer = await server.inject("POST", "/chat", {
      ...asking,
      provider: "chatgpt",
      model,
      session_id: model,
    });
    expect(answer.json()).toMatchObject({ code: "provider_silent" });
    await expect.poll(() => turnsAsked(server).at(-1)?.outcome).toBe("aborted");
  }
});

test("reasoning is an item of its own: streamed, kept, and no message", async () => {
  const server = await startTestServer();
  const found = await all(await post(server, { ...asking, provider: "chatgpt", model: "fake-reasoning" }));
  expect(found.map(({ event }) => event)).toContain("turn-thinking");
  expect(textOf(found)).not.toContain("think");
  expect(textOf(found, "reasoning-delta")).toBe("Let me think.");
  expect(found.map(({ event }) => event)).toEqual(
    expect.arrayContaining(["item-started", "reasoning-delta", "item-done", "text-delta"]),
  );
  const { messages } = (await server.inject("GET", "/sessions/s/messages")).json();
  expect(JSON.stringify(messages)).not.toContain("Let me");
});

test("the report shows the payload that the provider was sent, to the letter", async () => {
  const server = await startTestServer();
  for (const message of ["My name is Bob", "I love pizza"]) {
    await server.inject("POST", "/chat", { ...asking, message, provider: "ollama" });
  }
  const preview = (
    await server.inject("POST", "/context-preview", { ...asking, message: "And?", provider: "ollama" })
  ).json();
  const { turn_id } = (
    await server.inject("POST", "/chat", { ...asking, message: "And?", provider: "ollama" })
  ).json();
  const { report } = turn.parse((await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json());
  const sent = server.ollama.lastTurn;
  const payload = report?.messages.map(({ role, content }) => ({ role, content }));
  expect(sent.body).toMatchObject({ messages: payload });
  expect(report?.request?.body).toEqual(sent.body);
  expect(report?.intact).toBe(true);
  expect(report?.hash).toBe(preview.hash);
  expect(preview.messages.map(({ content }: { content: string }) => content)).toEqual(
    payload?.map(({ content }) => content),
  );
  expect(report?.tokens.counted).toBe(report?.messages.reduce((sum, { tokens }) => sum + tokens, 0));
  expect(report?.left_out).toEqual([]);
});

test("a preview names the messages that are stored, whatever they say", async () => {
  const server = await startTestServer();
  const messages = [{ role: "user", content: "same", id: "same" }];
  await server.inject("POST", "/sessions/s/messages", { messages });
  const preview = (await server.inject("POST", "/context-preview", { ...asking, message: "same" })).json();
  // Two messages of one role are sent as one.
  expect(preview.messages).toMatchObject([
    { role: "system", message_id: null },
    { role: "user", message_id: null, joined_ids: ["same"], content: "same\n\nsame" },
  ]);
  expect(preview.normalized).toEqual([{ change: "joined", messages: 1 }]);
});

test("the preview of a retry is what the retry reports, and is refused as the retry would be", async () => {
  const server = await startTestServer();
  const asked = { ...asking, provider: "chatgpt" };
  const completed = (await server.inject("POST", "/chat", asked)).json().turn_id;
  const failed = (await server.inject("POST", "/chat", { ...asked, model: "fake-cut" })).json().turn_id;
  const again = (retry_of: string, fields: object = {}) => ({
    ...asked,
    message: undefined,
    retry_of,
    ...fields,
  });
  const refused = [
    again(completed),
    again("0123456789abcdef"),
    again(failed, { session_id: undefined }),
    again(failed, { session_id: "another" }),
  ];
  for (const body of refused) {
    const answers = [
      await server.inject("POST", "/context-preview", body),
      await server.inject("POST", "/chat", body),
    ];
    expect(answers.map((answer) => answer.json().code)).toEqual(["retry_refused", "retry_refused"]);
    expect(answers[0]?.json().detail).toBe(answers[1]?.json().detail);
  }
  const preview = (await server.inject("POST", "/context-preview", again(failed))).json();
  const { turn_id } = (await server.inject("POST", "/chat", again(failed))).json();
  const { report } = (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json();
  for (const what of ["messages", "left_out", "hash", "context_window", "budget", "request"])
    expect(report[what]).toEqual(preview[what]);
  expect(report.tokens.counted).toBe(preview.tokens.counted);
});

test("a retry in a window that its message does not fit into is refused by name, and can be tried again", async () => {
  const server = await startTestServer();
  const long = { ...asking, message: "x".repeat(2000) };
  const failed = await server.inject("POST", "/chat", { ...long, provider: "ollama", model: "fake-cut" });
  const retry = { ...asking, message: undefined, retry_of: failed.json().turn_id };
  const small = { ...retry, context_tokens: 64 };
  for (const path of ["/context-preview", "/chat"]) {
    const answer = await server.inject("POST", path, small);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: "context_too_small" });
    if (path === "/chat") retry.retry_of = answer.json().turn_id;
  }
  expect((await server.inject("POST", "/chat", retry)).json()).toMatchObject({ status: "completed" });
});

test("memory off: the report says what was left out, and why", async () => {
  const server = await startTestServer();
  await server.inject("POST", "/chat", asking);
  const { turn_id } = (await server.inject("POST", "/chat", { ...asking, mode: "stateless" })).json();
  const { report } = (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json();
  expect(report.left_out).toEqual([{ reason: "stateless", messages: 2 }]);
  expect(report.messages.map(({ role }: { role: string }) => role)).toEqual(["system", "user"]);
});

test("a message that no window has room for is refused by name, and nothing is stored", async () => {
  const server = await startTestServer();
  const answer = await server.inject("POST", "/chat", {
    ...asking,
    message: "x".repeat(2000),
    context_tokens: 64,
  });
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ code: "context_too_small", errors: [{ field: "context_tokens" }] });
  expect(await server.keys()).toEqual([]);
});

test("the alarm: a provider that read clearly less than it was sent; and none where it read it all", async () => {
  const server = await startTestServer();
  const long = Array.from({ length: 20 }, (_, n) => ({
    role: "user",
    content: `Fact ${n}: ${"blah ".repeat(20)}`,
  }));
  await server.inject("POST", "/sessions/s/messages", { messages: long });
  const reportOf = async (model: string) => {
    const { turn_id } = (
      await server.inject("POST", "/chat", { ...asking, provider: "chatgpt", model })
    ).json();
    return (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json().report;
  };
  expect((await reportOf("fake-truncating")).truncation).toMatchObject({ suspected: true, read_tokens: 7 });
  expect((await reportOf("fake-echo")).truncation).toBeUndefined();
});

test("a window that a cut prompt showed limits the next turn, unless no model has one so small", async () => {
  const server = await startTestServer();
  const request = { message: "word ".repeat(390), mode: "stateless", provider: "chatgpt" };
  const askAgain = async (read: number) => {
    server.openai.scenario = { usage: { input: read, output: 3 } };
    const sent = { ...request, model: `reads-${read}` };
    await server.inject("POST", "/chat", sent);
    return (await server.inject("POST", "/chat", sent)).statusCode;
  };
  expect(await askAgain(256)).toBe(422);
  expect(await askAgain(9)).toBe(200);
});

test.each(["/sessions/s/turns/0123456789abcdef", "/sessions/s/turns/0123456789abcdef/events"])(
  "%s is not there",
  async (path) => {
    const server = await startTestServer();
    const answer = await server.inject("GET", path);
    expect(answer.statusCode).toBe(404);
    expect(answer.json().code).toBe("turn_not_found");
  },
);
