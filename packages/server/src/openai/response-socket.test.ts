import { once } from "node:events";
import { ResponsesWS } from "openai/resources/responses/ws";
import { expect, onTestFinished, test, vi } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { startLimited } from "../../test/limited-server.ts";
import { startTestServer } from "../../test/test-server.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";
const MIB = 1024 ** 2;

interface Event {
  readonly type: string;
  readonly stream_id?: string;
  readonly status?: number;
  readonly delta?: string;
  readonly error?: { readonly code: string; readonly param: string | null; readonly headers?: object };
  readonly response?: { readonly id: string; readonly output: object[]; readonly status: string };
}

const isLast = ({ type }: Event): boolean =>
  ["response.completed", "response.incomplete", "response.failed", "error"].includes(type);

/** A plain client, which can send what OpenAI's SDK does not. */
async function connect(baseURL: string, options: ClientOptions = {}) {
  const socket = new WebSocket(`${baseURL.replace("http", "ws")}/responses`, options);
  onTestFinished(() => socket.terminate());
  const events: Event[] = [];
  const closed = new Promise<number>((done) => socket.once("close", done));
  socket.on("message", (data) => events.push(JSON.parse(String(data))));
  await once(socket, "open");
  const ends = () => events.filter(isLast);
  return {
    socket,
    events,
    closed,
    send: (body: object | string | Buffer) =>
      socket.send(
        typeof body === "string" || Buffer.isBuffer(body)
          ? body
          : JSON.stringify({ type: "response.create", model, ...body }),
      ),
    /** The last events of so many responses, once they are there. */
    ended: async (count: number): Promise<Event[]> => {
      await expect.poll(() => ends().length).toBe(count);
      return ends();
    },
  };
}

async function startWithSocket(options: Parameters<typeof startWithSdk>[0] = {}) {
  const started = await startWithSdk(options);
  return { ...started, client: await connect(started.baseURL) };
}

const textOf = ({ response }: Event): string => JSON.stringify(response?.output);
const idOf = ({ response }: Event | { response?: undefined } = {}): string => response?.id ?? "";

/** The status with which a connection is refused. */
async function refusal(baseURL: string, options: ClientOptions): Promise<number> {
  const socket = new WebSocket(`${baseURL.replace("http", "ws")}/responses`, options);
  const [, { statusCode }] = await once(socket, "unexpected-response");
  return statusCode;
}

test("openai-node's client chains responses, and gets the events that a replay has", async () => {
  const { openai, baseURL } = await startWithSdk({ mirrorDelayMs: 1 });
  const ws = new ResponsesWS(openai);
  const live: object[] = [];
  let previous: string | undefined;
  for (const input of ["My name is Bob", "Who am I?"]) {
    ws.send({ type: "response.create", model, input, previous_response_id: previous ?? null });
    for await (const event of ws.stream()) {
      if (event.type !== "message") continue;
      live.push(event.message);
      if (event.message.type !== "response.completed") continue;
      previous = event.message.response.id;
      if (input === "Who am I?") expect(JSON.stringify(event.message)).toContain('\\"My name is Bob\\"');
      break;
    }
  }
  ws.close();
  const replay = await (await fetch(`${baseURL}/responses/${previous}?stream=true`)).text();
  const replayed = [...replay.matchAll(/^data: (\{.*)$/gm)].map(([, json = ""]) => JSON.parse(json));
  expect(replayed.length).toBeGreaterThan(8);
  expect(live.slice(-replayed.length)).toEqual(replayed);
});

test("what is not stored is known to its connection alone, until a continuation fails", async () => {
  const { server, baseURL, client } = await startWithSocket();
  client.send({ input: "My name is Bob", store: false });
  const [first] = await client.ended(1);
  client.send({ input: "I like tea", store: false, previous_response_id: idOf(first) });
  const [, second] = await client.ended(2);
  client.send({ input: "Who am I?", store: false, previous_response_id: idOf(second) });
  const [, , third] = await client.ended(3);
  expect(third).toMatchObject({ response: { previous_response_id: idOf(second), store: false } });
  expect(textOf(third as Event)).toContain("I was sent 5 messages");
  expect(await server.keys()).toEqual([]);

  const other = await connect(baseURL);
  other.send({ input: "Who am I?", previous_response_id: idOf(third) });
  const [unknown] = await other.ended(1);
  const notFound = { code: "previous_response_not_found", param: "previous_response_id" };
  expect(unknown).toMatchObject({ type: "error", status: 400, error: notFound });

  client.send({ input: [], previous_response_id: idOf(third), model: "no such model" });
  expect((await client.ended(4)).at(-1)).toMatchObject({ status: 404, error: { code: "model_not_found" } });
  client.send({ input: "Again", previous_response_id: idOf(third) });
  expect((await client.ended(5)).at(-1)).toMatchObject({ status: 400, error: notFound });
  client.send({ input: "Who am I?", previous_response_id: idOf(second) });
  const stored = (await client.ended(6)).at(-1) as Event;
  expect(textOf(stored)).toContain("I was sent 5 messages");
  other.send({ input: "And now?", previous_response_id: idOf(stored) });
  expect(textOf((await other.ended(2)).at(-1) as Event)).toContain("I was sent 7 messages");
});

test("a response with generate: false has no output, and can be continued", async () => {
  const { openai, server, client } = await startWithSocket();
  const parent = await openai.responses.create({ model, input: "My name is Bob" });
  client.send({ input: "I like tea", generate: false, previous_response_id: parent.id });
  const [prepared] = await client.ended(1);
  expect(client.events.map(({ type }) => type)).toEqual([
    "response.created",
    "response.in_progress",
    "response.completed",
  ]);
  expect(prepared).toMatchObject({
    response: { output: [], status: "completed", previous_response_id: parent.id },
  });
  client.send({ input: "Who am I?", previous_response_id: idOf(prepared) });
  const answer = (await client.ended(2)).at(-1) as Event;
  expect(textOf(answer)).toContain("I was sent 3 messages");
  const { data } = await openai.responses.inputItems.list(idOf(answer));
  expect(JSON.stringify(data)).toMatch(/Who am I.*I like tea/);
  expect(await openai.responses.retrieve(idOf(answer))).toMatchObject({
    previous_response_id: idOf(prepared),
  });
  expect((await server.keys()).some((key) => key.includes("chain_"))).toBe(true);
  client.send({ generate: false, conversation: "conv_x", input: "Hi" });
  expect((await client.ended(3)).at(-1)).toMatchObject({ status: 400 });
});

test("two requests on one stream are answered one after another, on two streams at once", async () => {
  const { client } = await startWithSocket({ mirrorDelayMs: 10 });
  client.send({ input: "one" });
  client.send({ input: "two" });
  await client.ended(2);
  const created = client.events.findLastIndex(({ type }) => type === "response.created");
  expect(client.events.findIndex(({ type }) => type === "response.completed")).toBe(created - 1);

  client.events.length = 0;
  client.send({ input: "one", stream_id: "a" });
  client.send({ input: "two", stream_id: "b" });
  await client.ended(2);
  const secondCreated = client.events.findLastIndex(({ type }) => type === "response.created");
  expect(client.events.findIndex(({ type }) => type === "response.completed")).toBeGreaterThan(secondCreated);
  expect(new Set(client.events.map((event) => event.stream_id))).toEqual(new Set(["a", "b"]));
});

test("a bad message is answered with an error, and the connection goes on", async () => {
  const { client } = await startWithSocket();
  const bad: readonly [object | string | Buffer, string | null, string?][] = [
    [Buffer.from("{}"), "message"],
    ["not JSON", "body"],
    ["", "body"],
    ["null", "message"],
    ['{"__proto__": {"store": false}}', "body"],
    [`${"[".repeat(200)}${"]".repeat(200)}`, "body"],
    [{ type: "response.steer", input: "Hi" }, "type"],
    [{ type: "response.create" }, "input"],
    [{ input: "\ud800" }, "body"],
    [{ input: "Hi", background: true }, "background", "unsupported_parameter"],
    [{ input: "Hi", model: 5 }, "model"],
    [{ input: "Hi", stream_id: 7 }, "stream_id"],
    [{ input: "Hi", previous_response_id: "resp_x" }, "previous_response_id", "previous_response_not_found"],
    [{ input: "Hi", previous_response_id: "resp_x", conversation: "conv_x" }, "previous_response_id"],
  ];
  for (const [n, [message, param, code = "invalid_request"]] of bad.entries()) {
    client.send(message);
    const answer = (await client.ended(n + 1)).at(-1);
    expect(answer, JSON.stringify(message)).toMatchObject({
      type: "error",
      status: 400,
      error: { type: "invalid_request_error", code, param },
    });
  }
  client.send({ input: "Hi" });
  expect((await client.ended(bad.length + 1)).at(-1)).toMatchObject({ type: "response.completed" });
});

test("a message of 10 MiB is read, and one of more than 32 MiB closes the connection", async () => {
  const { client, server } = await startWithSocket();
  client.send({ input: "word ".repeat(2 * MIB) });
  const [answer] = await client.ended(1);
  expect(answer).toMatchObject({ error: { code: "context_length_exceeded" } });
  client.socket.on("error", () => {});
  client.send({ input: "x".repeat(32 * MIB) });
  expect(await client.closed).toBe(1009);
  expect(server.lines.join()).not.toContain("xxxxx");
});

test("no more than 16 requests wait on one connection", async () => {
  const { client } = await startWithSocket({ mirrorDelayMs: 20 });
  for (let n = 0; n < 20; n++) client.send({ input: "Hi", store: false });
  await expect.poll(() => client.events.filter(({ type }) => type === "error").length).toBe(4);
  expect(client.events.find(({ type }) => type === "error")).toMatchObject({
    status: 429,
    error: { code: "rate_limit_exceeded" },
  });
});

test("a client that sends without end and reads nothing is cut off", async () => {
  const { client } = await startWithSocket({ mirrorDelayMs: 20 });
  client.socket.pause();
  const send = setInterval(() => {
    for (let n = 0; n < 1000; n++) client.send({ input: "Hi", stream_id: "x".repeat(200) });
  }, 1);
  onTestFinished(() => clearInterval(send));
  await expect.poll(() => client.socket.readyState).not.toBe(WebSocket.OPEN);
});

test("a response continues when its connection is closed in the middle", async () => {
  const { openai, client, server } = await startWithSocket();
  server.ollama.scenario = { pieces: ["one ", "two"], pausedAfter: 1 };
  client.send({ input: "Hi", model: "llama3.2:3b" });
  await expect.poll(() => client.events.some(({ delta }) => delta !== undefined)).toBe(true);
  client.send({ input: "Never begun" });
  client.socket.terminate();
  const id = idOf(client.events[0]);
  expect((await openai.responses.retrieve(id)).status).toBe("in_progress");
  await server.ollama.resume();
  await expect.poll(async () => (await openai.responses.retrieve(id)).status).toBe("completed");
});

test("owners, hosts and origins are those of every request", async () => {
  const { as, server } = await startLimited({ ALLOWED_ORIGINS: "https://app.example" });
  const baseURL = `${await server.listen()}/v1`;
  const [alice, bob] = [await as("alice"), await as("bob")];
  expect(await refusal(baseURL, {})).toBe(401);
  const first = await connect(baseURL, { headers: alice.headers });
  first.send({ input: "My name is Alice" });
  const [stored] = await first.ended(1);
  const second = await connect(baseURL, { headers: bob.headers });
  second.send({ input: "Who am I?", previous_response_id: idOf(stored) });
  expect((await second.ended(1))[0]).toMatchObject({ error: { code: "previous_response_not_found" } });

  const open = await startTestServer();
  const local = `${await open.listen()}/v1`;
  expect(await refusal(local, { headers: { host: "evil.example" } })).toBe(403);
  expect(await refusal(local, { origin: "https://evil.example" })).toBe(403);
  await connect(local, { origin: "http://localhost:5173" });

  const guests = await startTestServer({
    env: { AUTH: "guest", SESSION_SECRET: "a secret of the tests, thirty-two" },
  });
  const forGuests = `${await guests.listen()}/v1`;
  expect(await refusal(forGuests, { origin: "https://evil.example" })).toBe(403);
  await connect(forGuests, { origin: forGuests.replace("/v1", "") });
});

test("a connection ends when its key is revoked", async () => {
  const { as, server } = await startLimited({});
  const alice = await as("alice");
  const client = await connect(`${await server.listen()}/v1`, { headers: alice.headers });
  const [key] = await server.apiKeys.list();
  await server.apiKeys.revoke(key?.id ?? "");
  expect(await client.closed).toBe(1006);
});

test("each message counts as a request, and a refusal says when to try again", async () => {
  const { as, server } = await startLimited({ LIMIT_REQUESTS_PER_MINUTE: "3" });
  const { headers } = await as("alice");
  const client = await connect(`${await server.listen()}/v1`, { headers });
  for (let n = 0; n < 3; n++) client.send({ input: "Hi" });
  const refused = (await client.ended(3)).at(-1);
  expect(refused).toMatchObject({
    status: 429,
    error: { code: "rate_limit_exceeded", headers: { "retry-after": expect.stringMatching(/^\d+$/) } },
  });
});

test("a connection ends after an hour, behind the response that is running", async () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  const { client } = await startWithSocket({ mirrorDelayMs: 5 });
  client.send({ input: "Hi" });
  await once(client.socket, "message");
  const [whenOld] = timers.mock.calls.find(([, ms]) => ms === 60 * 60_000) ?? [];
  whenOld?.();
  expect(await client.closed).toBe(1000);
  expect(client.events.filter(isLast)).toMatchObject([
    { type: "response.completed" },
    { type: "error", error: { code: "websocket_connection_limit_reached" } },
  ]);
});

test("no other path has a WebSocket", async () => {
  const { server, baseURL } = await startWithSdk();
  expect(await refusal(`${baseURL}/no`, {})).toBe(404);
  expect((await server.inject("GET", "/v1/responses")).statusCode).toBe(404);
});
