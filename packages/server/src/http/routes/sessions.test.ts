import {
  type Message,
  messagesResponse,
  session,
  sessionsResponse,
  storageResponse,
} from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";

const user = (content: string) => ({ role: "user", content });

test("sessions are listed, last used first, in pages", async () => {
  const server = await startTestServer();
  for (const id of ["a", "b", "c"])
    await server.inject("POST", `/sessions/${id}/messages`, { messages: [user("x")] });
  const first = sessionsResponse.parse((await server.inject("GET", "/sessions?limit=2")).json());
  expect(first.sessions).toHaveLength(2);
  const second = (
    await server.inject("GET", `/sessions?limit=2&cursor=${encodeURIComponent(first.next_cursor ?? "")}`)
  ).json();
  const ids = [...first.sessions, ...second.sessions].map(({ id }: { id: string }) => id);
  expect(ids.sort()).toEqual(["a", "b", "c"]);
  expect(second.next_cursor).toBeNull();
  expect((await server.inject("GET", "/sessions?cursor=x")).statusCode).toBe(400);
});

test("a session has a title, a life, and both can be changed", async () => {
  const server = await startTestServer();
  await server.inject("POST", "/chat", {
    message: "Pizza night\nat eight",
    mode: "stateless",
    provider: "mirror",
    session_id: "s",
  });
  const before = session.parse((await server.inject("GET", "/sessions/s")).json());
  expect(before).toMatchObject({ id: "s", title: "Pizza night", message_count: 2, ttl_seconds: 3600 });
  const patched = session.parse(
    (await server.inject("PATCH", "/sessions/s", { title: "Party", ttl_seconds: 86_400 })).json(),
  );
  expect(patched).toMatchObject({ title: "Party", ttl_seconds: 86_400 });
  expect(Date.parse(patched.expires_at) - Date.now()).toBeGreaterThan(86_000_000);
  expect((await server.inject("PATCH", "/sessions/s", { title: null })).json().title).toBeNull();
  for (const body of [{}, { ttl_seconds: 0 }, { title: "x".repeat(201) }]) {
    expect((await server.inject("PATCH", "/sessions/s", body)).statusCode).toBe(400);
  }
});

test("a session is forgotten, and then it is not there", async () => {
  const server = await startTestServer();
  await server.inject("POST", "/sessions/s/messages", { messages: [user("x")] });
  expect((await server.inject("DELETE", "/sessions/s")).statusCode).toBe(204);
  for (const [method, body] of [["GET"], ["DELETE"], ["PATCH", { title: "x" }]] as const) {
    const answer = await server.inject(method, "/sessions/s", body);
    expect(answer.statusCode).toBe(404);
    expect(answer.json().code).toBe("session_not_found");
  }
});

test("messages are appended all or none, with their own ids and times, and no model is called", async () => {
  const server = await startTestServer();
  const old = {
    ...user("old"),
    id: "old-1",
    created_at: "2019-05-05T05:05:05.005Z",
    metadata: { a: [1, null] },
  };
  const calls = [{ id: "c1", name: "f", arguments: "{}" }];
  const messages = [
    old,
    { role: "assistant", content: "", tool_calls: calls },
    { role: "tool", content: "r", tool_call_id: "c1" },
  ];
  const answer = (await server.inject("POST", "/sessions/s/messages", { messages })).json();
  expect(answer).toMatchObject({ ids: ["old-1", expect.any(String), expect.any(String)], message_count: 3 });
  const page = messagesResponse.parse((await server.inject("GET", "/sessions/s/messages")).json());
  expect(page.messages).toMatchObject(messages);
  const refused = await server.inject("POST", "/sessions/s/messages", { messages: [user("new"), old] });
  expect(refused.statusCode).toBe(409);
  expect(refused.json().code).toBe("duplicate_message_id");
  for (const bad of [
    { messages: [] },
    { messages: [{ role: "nobody", content: "x" }] },
    { messages: [{ role: "user" }] },
    {},
  ]) {
    expect((await server.inject("POST", "/sessions/s/messages", bad)).statusCode).toBe(400);
  }
  expect((await server.inject("GET", "/sessions/s")).json().message_count).toBe(3);
  expect(server.openai.turns).toEqual([]);
});

test("messages are paged backwards from the newest", async () => {
  const server = await startTestServer();
  await server.inject("POST", "/sessions/s/messages", {
    messages: Array.from({ length: 25 }, (_, n) => user(`m${n}`)),
  });
  const found: string[] = [];
  let before: string | null = null;
  do {
    const query: string = before === null ? "" : `&before=${encodeURIComponent(before)}`;
    const page = messagesResponse.parse(
      (await server.inject("GET", `/sessions/s/messages?limit=10${query}`)).json(),
    );
    found.unshift(...page.messages.map(({ content }) => content));
    before = page.next_before;
  } while (before !== null);
  expect(found).toEqual(Array.from({ length: 25 }, (_, n) => `m${n}`));
  expect((await server.inject("GET", "/sessions/s/messages?before=unknown")).statusCode).toBe(404);
  expect((await server.inject("GET", "/sessions/s/messages?limit=0")).statusCode).toBe(400);
  expect((await server.inject("GET", "/sessions/unknown/messages")).json()).toEqual({
    messages: [],
    next_before: null,
  });
});

test("a page may end between a tool's call and its result: nothing older is lost behind it", async () => {
  const server = await startTestServer();
  const toolCalls = [{ id: "c", name: "multiply", arguments: "{}" }];
  const messages = [
    user("6 times 7?"),
    { role: "assistant", content: "", tool_calls: toolCalls },
    { role: "tool", content: "42", tool_call_id: "c" },
    { role: "assistant", content: "42." },
  ];
  await server.inject("POST", "/sessions/s/messages", { messages });
  for (const limit of [1, 2, 3, 4]) {
    const roles: string[] = [];
    let before: string | null = "";
    for (let pages = 0; before !== null && pages < 4; pages++) {
      const query: string = before === "" ? "" : `&before=${encodeURIComponent(before)}`;
      const page = messagesResponse.parse(
        (await server.inject("GET", `/sessions/s/messages?limit=${limit}${query}`)).json(),
      );
      roles.unshift(...page.messages.map(({ role }) => role));
      before = page.next_before;
    }
    expect(roles).toEqual(["user", "assistant", "tool", "assistant"]);
  }
});

test("lists a session's keys with size and TTL", async () => {
  const server = await startTestServer();
  const body = { message: "Hi", mode: "stateful", provider: "mirror", session_id: "{s}" };
  await server.inject("POST", "/chat", body, { "idempotency-key": "k" });
  const found = storageResponse.parse((await server.inject("GET", "/sessions/%7Bs%7D/storage")).json());
  const prefix = `${server.name}:{%7Bs%7D}:`;
  expect(found.keys.map(({ name, type, entries }) => [name.slice(prefix.length), type, entries])).toEqual([
    ["messages", "list", 2],
    ["meta", "hash", expect.any(Number)],
    ["turns", "hash", 1],
    ["idempotency", "hash", 1],
    ["words", "list", 2],
  ]);
  expect(found.keys.map(({ name }) => name).sort()).toEqual(
    (await server.keys()).filter((key) => key.startsWith(prefix)),
  );
  for (const { name, bytes, ttl_seconds } of found.keys) {
    expect(bytes).toBe(await server.command("MEMORY", "USAGE", name));
    expect(ttl_seconds).toBeGreaterThan(3300);
  }
  expect(found.bytes).toBe(found.keys.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(Date.parse(found.expires_at) - Date.now()).toBeGreaterThan(3_300_000);
});

const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

test.each<[string, string, string]>([
  ["half a surrogate pair", String.raw`"content":"\ud83c"`, "content"],
  ["a control character in an id", String.raw`"content":"","id":"a\n"`, "id"],
  [
    "half a surrogate pair in a call",
    String.raw`"content":"","tool_calls":[{"id":"\ud83c","name":"","arguments":""}]`,
    "tool_calls.0.id",
  ],
  ["half a surrogate pair in metadata", String.raw`"content":"","metadata":{"a":["\ud83c"]}`, "metadata"],
  [
    "half a surrogate pair in a key of metadata",
    String.raw`"content":"","metadata":{"\ud83c":1}`,
    "metadata",
  ],
  ["a number that is none", `"content":"","metadata":1e999`, "metadata"],
  ["metadata of 101 levels", `"content":"","metadata":${deep(101)}`, "metadata"],
  ["metadata deeper than the stack", `"content":"","metadata":${deep(400_000)}`, "metadata"],
  ["a time deeper than the stack", `"content":"","created_at":${deep(400_000)}`, "created_at"],
  [
    "a file's type deeper than the stack",
    `"content":[{"type":"file","url":"","mediaType":${deep(400_000)}}]`,
    "parts",
  ],
  [
    "arguments deeper than the stack",
    `"content":"","tool_calls":[{"id":"a","name":"b","args":{"a":${deep(400_000)}}}]`,
    "tool_calls.0.arguments",
  ],
])("a message with %s is refused by its field", async (_, fields, field) => {
  const server = await startTestServer();
  const answer = await server.inject(
    "POST",
    "/sessions/s/messages",
    `{"messages":[{"role":"user",${fields}}]}`,
  );
  expect(answer.statusCode).toBe(400);
  expect(answer.json().errors).toMatchObject([{ field: `messages.0.${field}` }]);
  expect(await server.keys()).toEqual([]);
});

test("metadata of 100 levels comes back as it was", async () => {
  const server = await startTestServer();
  const metadata = JSON.parse(deep(100));
  await server.inject("POST", "/sessions/s/messages", { messages: [{ ...user("x"), metadata }] });
  expect((await server.inject("GET", "/sessions/s/messages")).json().messages[0].metadata).toEqual(metadata);
});

test.each([
  ["GET", "/sessions/s/messages?before=%0A", undefined],
  ["PATCH", "/sessions/s", String.raw`{"title":"\ud83c"}`],
  ["POST", "/sessions/s/fork", String.raw`{"before":"\ud83c"}`],
] as const)("%s %s is refused where its text cannot be kept", async (method, path, body) => {
  const server = await startTestServer();
  await server.inject("POST", "/sessions/s/messages", { messages: [user("x")] });
  const answer = await server.inject(method, path, body);
  expect([answer.statusCode, answer.json().code]).toEqual([400, "invalid_request"]);
});

test("a page of messages has so many bytes at most, and all are reached by pages", async () => {
  const server = await startTestServer();
  const contents = Array.from({ length: 12 }, (_, n) => `${n} ${"x".repeat(900_000)}`);
  for (const content of contents)
    await server.inject("POST", "/sessions/s/messages", { messages: [{ role: "user", content }] });
  const read: string[] = [];
  let before: string | null = "";
  for (let pages = 0; before !== null && pages < 12; pages++) {
    const query: string = before === "" ? "" : `&before=${encodeURIComponent(before)}`;
    const page = await server.inject("GET", `/sessions/s/messages?limit=500${query}`);
    expect(page.body.length).toBeLessThan(5_000_000);
    const { messages, next_before } = page.json();
    read.unshift(...messages.map(({ content }: { content: string }) => content));
    before = next_before;
  }
  expect(read.map((text) => text.slice(0, 3))).toEqual(contents.map((text) => text.slice(0, 3)));
});

test("totals add up all of a session's turns, also in a fork", async () => {
  const server = await startTestServer();
  const ask = (message: string) => ({ message, mode: "stateful", provider: "mirror", session_id: "s" });
  for (const message of ["one", "two", "three"]) await server.inject("POST", "/chat", ask(message));
  const { messages } = (await server.inject("GET", "/sessions/s/messages")).json();
  const turns = messages.flatMap(({ role, turn }: Message) => (role === "user" && turn ? [turn] : []));
  const sent = turns.map(({ tokens }: { tokens: { sent: number } }) => tokens.sent);
  const totalsOf = async (id: string) => (await server.inject("GET", `/sessions/${id}/totals`)).json().models;
  expect(await totalsOf("s")).toMatchObject([
    { provider: "mirror", model: "mirror", turns: 3, tokens: { sent: sent[0] + sent[1] + sent[2] } },
  ]);
  await server.inject("POST", "/sessions/s/fork", { before: messages[4].id, session_id: "fork" });
  expect(await totalsOf("fork")).toMatchObject([{ turns: 2, tokens: { sent: sent[0] + sent[1] } }]);
  await server.inject("POST", "/sessions/bare/messages", { messages: [user("x")] });
  expect(await totalsOf("bare")).toEqual([]);
  expect((await server.inject("GET", "/sessions/none/totals")).statusCode).toBe(404);
});
