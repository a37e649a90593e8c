import { type SessionExport, session, sessionExport } from "@redis-memory-magic/protocol";
import { describe, expect, test, vi } from "vitest";
import { failedTurn } from "../../../test/failed-turn.ts";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

const user = (content: string) => ({ role: "user", content });
const asking = { mode: "stateful", provider: "mirror", session_id: "s" };

const say = async (server: TestServer, message: string, more: object = {}) =>
  (await server.inject("POST", "/chat", { ...asking, message, ...more })).json();
const append = (server: TestServer, id: string, messages: unknown[]) =>
  server.inject("POST", `/sessions/${encodeURIComponent(id)}/messages`, { messages });
const messagesOf = async (server: TestServer, id: string) =>
  (await server.inject("GET", `/sessions/${id}/messages`)).json().messages as {
    id: string;
    content: string;
  }[];
const contents = async (server: TestServer, id: string) =>
  (await messagesOf(server, id)).map(({ content }) => content);
const exportOf = async (server: TestServer, id: string): Promise<SessionExport> =>
  sessionExport.parse((await server.inject("GET", `/sessions/${id}/export`)).json());

test("an import that fails removes all sessions that it made, and says why it failed", async () => {
  const server = await startTestServer({ env: { LIMIT_SESSIONS: "2" } });
  const conversation = (text: string) => ({ messages: [{ messageId: "a", isCreatedByUser: true, text }] });
  const three = ["One", "Two", "Three"].map(conversation);
  const refused = await server.inject("POST", "/sessions/import", three);
  expect([refused.statusCode, refused.json().code]).toEqual([429, "storage_limit_reached"]);
  expect(await server.sessionKeys()).toEqual([]);
  // The list of sessions, which the limit counts, may trail behind them.
  const importTwo = async () => {
    const two = await server.inject("POST", "/sessions/import", three.slice(0, 2));
    return [two.statusCode, two.json().report?.sessions.length];
  };
  await expect.poll(importTwo).toEqual([201, 2]);
});

describe("a fork", () => {
  test("has the messages before one, with their turns and reports, and goes its own way", async () => {
    const server = await startTestServer();
    const { turn_id } = await say(server, "My name is Bob");
    await say(server, "I love pizza");
    const third = (await messagesOf(server, "s"))[2];
    const answer = await server.inject("POST", "/sessions/s/fork", { before: third?.id, session_id: "f" });
    expect(answer.statusCode).toBe(201);
    expect(session.parse(answer.json())).toMatchObject({
      id: "f",
      title: "My name is Bob",
      message_count: 2,
      root_id: "s",
      forked_from: { session_id: "s", message_id: third?.id },
    });
    const here = await server.inject("GET", `/sessions/f/turns/${turn_id}`);
    expect(here.json()).toMatchObject({ status: "completed", report: { intact: true } });
    const { response } = await say(server, "I love sushi", { session_id: "f" });
    expect(response).toContain("My name is Bob");
    expect(response).not.toContain("pizza");
    expect((await server.inject("GET", "/sessions/s")).json()).toMatchObject({
      message_count: 4,
      root_id: null,
      forked_from: null,
    });
    const { sessions } = (await server.inject("GET", "/sessions")).json();
    expect(sessions.map(({ id }: { id: string }) => id).sort()).toEqual(["f", "s"]);
  });

  test("of all of it needs no body, and the server names it", async () => {
    const server = await startTestServer();
    await say(server, "Hi");
    for (const body of [undefined, {}, "null"]) {
      const answer = await server.inject("POST", "/sessions/s/fork", body);
      expect(answer.statusCode).toBe(201);
      expect(answer.json()).toMatchObject({
        id: expect.stringMatching(/^session_/),
        message_count: 2,
        forked_from: { session_id: "s", message_id: null },
      });
    }
  });

  test.each([
    [{ session_id: "s" }, 409, "session_exists"],
    [{ session_id: "there" }, 409, "session_exists"],
    [{ before: "unknown" }, 404, "message_not_found"],
    [{ before: "\n" }, 400, "invalid_request"],
    [{ session_id: "" }, 400, "invalid_request"],
    [[], 400, "invalid_request"],
  ])("%j is refused", async (body, status, code) => {
    const server = await startTestServer();
    await append(server, "s", [user("a")]);
    await append(server, "there", [user("b")]);
    const keys = await server.keys();
    const answer = await server.inject("POST", "/sessions/s/fork", body);
    expect(answer.statusCode).toBe(status);
    expect(answer.json().code).toBe(code);
    expect(await server.keys()).toEqual(keys);
    expect(await contents(server, "there")).toEqual(["b"]);
  });

  test("of a session that is not there is refused", async () => {
    const server = await startTestServer();
    for (const [method, path] of [
      ["POST", "/sessions/nothing/fork"],
      ["GET", "/sessions/nothing/export"],
      ["GET", "/sessions/nothing/export?format=markdown"],
      ["GET", "/sessions/nothing/storage"],
    ] as const) {
      const answer = await server.inject(method, path);
      expect(answer.statusCode).toBe(404);
      expect(answer.json().code).toBe("session_not_found");
    }
  });
});

describe("out and in again", () => {
  /** Turns of every kind, a retry, a tool call, a dropped message, ids of its own, a title and a life. */
  const fill = async (server: TestServer) => {
    await say(server, "My name is Bob", { provider: "chatgpt", system: "Be brief." });
    await say(server, "x", { provider: "chatgpt", model: "fake-length" });
    const failed = await say(server, "Again?", { provider: "chatgpt", model: "fake-cut" });
    expect(failed.status).toBe(502);
    await server.inject("POST", "/chat", { ...asking, retry_of: failed.turn_id });
    await append(server, "s", [
      { ...user("old"), id: "old-1", created_at: "2019-05-05T05:05:05.005Z", metadata: { a: [1, null] } },
      { role: "assistant", content: "", tool_calls: [{ id: "c1", name: "f", arguments: "{}" }] },
      { role: "tool", content: "r\u2028🎉</script>", tool_call_id: "c1" },
    ]);
    await server.inject("PATCH", "/sessions/s", { title: "All # of it", ttl_seconds: 99 });
  };
  const withoutItsOwn = ({ session: { id, created_at, updated_at, ...kept }, ...rest }: SessionExport) => ({
    ...rest,
    session: kept,
  });

  test("a call's id may be as long as a proxy makes it", async () => {
    const server = await startTestServer();
    const call_id = `call_${"x".repeat(2000)}`;
    const input = [
      { type: "function_call", call_id, name: "now", arguments: "{}" },
      { type: "function_call_output", call_id, output: "12:00" },
    ];
    const request = { model: "mirror", input, conversation: "conv_x73" };
    await append(server, "s", [user("What time is it?")]);
    expect((await server.inject("POST", "/v1/responses", request)).statusCode).toBe(200);
    const exported = await exportOf(server, "s");
    expect(exported.messages).toMatchObject([{}, {}, { tool_call_id: call_id }, {}]);
    const answer = await server.inject("POST", "/sessions/import?session_id=second", exported);
    expect(answer.statusCode).toBe(201);
    expect((await exportOf(server, "second")).messages).toEqual(exported.messages);
  });

  test("a note's id and instructions may be as long as the APIs take them", async () => {
    const server = await startTestServer();
    const id = "🎉".repeat(128);
    await server.inject("POST", "/notes", { notes: [{ id, text: "I am Bob" }] });
    await say(server, "Who am I?", { notes: true });
    const instructions = "Be brief. ".repeat(3000);
    const request = { model: "gpt-5-mini", input: "Hi", instructions, conversation: "conv_x73" };
    expect((await server.inject("POST", "/v1/responses", request)).statusCode).toBe(200);
    const exported = await exportOf(server, "s");
    expect(exported.turns).toMatchObject([{ sent: { notes: { ids: [id] } } }, { system: instructions }]);
    const answer = await server.inject("POST", "/sessions/import?session_id=second", exported);
    expect(answer.statusCode).toBe(201);
    expect((await exportOf(server, "second")).turns).toEqual(exported.turns);
  });

  test("nothing is lost, however often", async () => {
    const server = await startTestServer();
    await fill(server);
    const first = await exportOf(server, "s");
    expect(first.messages.map((message) => message?.content)).toContain("My name is Bob");
    expect(first.messages).toContain(null);
    expect(first.turns.map(({ status }) => status)).toEqual([
      "completed",
      "completed",
      "failed",
      "completed",
    ]);
    expect(first.turns[1]).toMatchObject({ finish_reason: "length", tokens: { output: expect.any(Number) } });
    expect(first.turns[2]).toMatchObject({ error: { code: "provider_broke_off" } });
    expect(first.turns[2]?.replaced_response).not.toBe("");
    expect(first.turns[0]).toMatchObject({ system: "Be brief.", sent: { from: 0 }, user_place: 0 });
    let before = first;
    for (const id of ["second", "third"]) {
      const answer = await server.inject("POST", `/sessions/import?session_id=${id}`, before);
      expect(answer.statusCode).toBe(201);
      expect(session.parse(answer.json())).toMatchObject({ id, title: "All # of it", ttl_seconds: 99 });
      const after = await exportOf(server, id);
      expect(withoutItsOwn(after)).toEqual(withoutItsOwn(before));
      for (const { id: turnId } of first.turns) {
        const [here, there] = await Promise.all(
          ["s", id].map(async (of) => (await server.inject("GET", `/sessions/${of}/turns/${turnId}`)).json()),
        );
        expect({ ...there, session_id: "s" }).toEqual(here);
      }
      before = after;
    }
  });

  test("an imported fork is a fork, and an imported session can be continued", async () => {
    const server = await startTestServer();
    const { turn_id } = await say(server, "Hi", { provider: "chatgpt", model: "fake-cut" });
    await server.inject("POST", "/sessions/s/fork", { session_id: "f" });
    await server.inject("POST", "/sessions/import?session_id=i", await exportOf(server, "f"));
    expect((await server.inject("GET", "/sessions/i")).json()).toMatchObject({
      root_id: "s",
      forked_from: { session_id: "s", message_id: null },
      ttl_seconds: 3600,
    });
    const retry = { mode: "stateful", provider: "mirror", session_id: "i", retry_of: turn_id };
    const answer = await server.inject("POST", "/chat", retry);
    expect(answer.json()).toMatchObject({ status: "completed", message_count: 2 });
  });

  test("any list of messages can be imported; the server names the session and what has no id", async () => {
    const server = await startTestServer();
    const before = Date.now();
    const answer = await server.inject("POST", "/sessions/import", {
      messages: [
        user("a"),
        null,
        { ...user("b"), id: "mine", turn: { id: "0123456789abcdef", unknown: 1 }, unknown: 2 },
      ],
      unknown: 3,
    });
    expect(answer.json()).toMatchObject({
      id: expect.stringMatching(/^session_/),
      title: null,
      message_count: 2,
    });
    const { id, report } = answer.json();
    expect(report).toEqual({ sessions: [{ id, title: null, message_count: 2 }], left_out: [] });
    const { messages, turns } = await exportOf(server, id);
    expect(messages).toMatchObject([{ content: "a" }, null, { content: "b", id: "mine" }]);
    expect(messages[2]).not.toHaveProperty("turn");
    expect(turns).toEqual([]);
    expect(Date.parse(messages[0]?.created_at ?? "")).toBeGreaterThanOrEqual(before);
  });

  test("a page of messages can be imported as it was read", async () => {
    const server = await startTestServer();
    await say(server, "a");
    await say(server, "b");
    const page = (await server.inject("GET", "/sessions/s/messages?limit=2")).json();
    await server.inject("POST", "/sessions/import?session_id=i", page);
    expect((await messagesOf(server, "i")).map(({ id }) => id)).toEqual(
      page.messages.map(({ id }: { id: string }) => id),
    );
  });

  test("thousands of messages are streamed, and nothing is left out", async () => {
    const server = await startTestServer();
    const messages = Array.from({ length: 3000 }, (_, n) => user(`${n} ${"x".repeat(1000)}`));
    const imported = await server.inject("POST", "/sessions/import?session_id=big", { messages });
    expect(imported.json().message_count).toBe(3000);
    const response = await fetch(`${await server.listen()}/sessions/big/export`);
    expect(response.headers.get("transfer-encoding")).toBe("chunked");
    const found = sessionExport.parse(await response.json());
    expect(found.messages.map((message) => message?.content)).toEqual(messages.map(({ content }) => content));
  });

  test("a session that is cleared while it is exported cuts the file, visibly", async () => {
    const server = await startTestServer();
    const messages = Array.from({ length: 3000 }, (_, n) => user(`${n} ${"x".repeat(10_000)}`));
    await server.inject("POST", "/sessions/import?session_id=big", { messages });
    const response = await fetch(`${await server.listen()}/sessions/big/export`);
    const reader = response.body?.getReader();
    await reader?.read();
    await server.inject("DELETE", "/sessions/big");
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow();
  });
});

describe("the file", () => {
  test.each([
    ["s", "conversation-s.json"],
    ["会话 é", "conversation-会话_é.json"],
    ["../../etc/passwd", "conversation-.._.._etc_passwd.json"],
    ['a"; filename=evil.exe', "conversation-a___filename_evil.exe.json"],
    ["a\u202Enosj.exe", "conversation-a_nosj.exe.json"],
    ["x".repeat(128), `conversation-${"x".repeat(60)}.json`],
  ])("of the session %j is called %j", async (id, name) => {
    const server = await startTestServer();
    await append(server, id, [user("a")]);
    const answer = await server.inject("GET", `/sessions/${encodeURIComponent(id)}/export`);
    const header = String(answer.headers["content-disposition"]);
    const [, plain, encoded = ""] =
      /^attachment; filename="([\w.-]+)"; filename\*=UTF-8''(\S+)$/.exec(header) ?? [];
    expect(decodeURIComponent(encoded)).toBe(name);
    expect(plain).toBe(name.replace(/[^\x20-\x7e]/g, "_"));
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  test("as Markdown has each message's role, time and model", async () => {
    const server = await startTestServer();
    await say(server, "My name is **Bob**", { provider: "chatgpt" });
    await say(server, "And?", { provider: "chatgpt", model: "fake-cut" });
    const answer = await server.inject("GET", "/sessions/s/export?format=markdown");
    expect(answer.headers["content-type"]).toBe("text/markdown; charset=utf-8");
    expect(answer.headers["content-disposition"]).toContain('filename="conversation-s.md"');
    const text = answer.body.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, "TIME");
    expect(text).toContain(`# My name is \\*\\*Bob\\*\\*

Session s, begun TIME, last used TIME

## User, TIME

\`\`\`text
My name is **Bob**
\`\`\`

## Assistant, TIME

stateful, Cloud (ChatGPT), gpt-5-mini

> My name is **Bob**
`);
    expect(text).toContain("fake-cut, failed\n");
  });

  test("of a session called import, or format, is found", async () => {
    const server = await startTestServer();
    expect((await append(server, "import", [user("a")])).statusCode).toBe(200);
    expect((await server.inject("POST", "/sessions/import/fork", {})).statusCode).toBe(201);
    expect((await exportOf(server, "import")).messages).toHaveLength(1);
    expect((await server.inject("GET", "/sessions/import/export?format=pdf")).statusCode).toBe(400);
  });
});

describe("a hostile import", () => {
  const message = user("a");
  const turn = {
    id: "0123456789abcdef",
    status: "completed",
    user_place: 0,
    answer_place: null,
    started_at: "2026-01-01T00:00:00.000Z",
    ended_at: null,
    mode: "stateful",
    provider: "mirror",
    model: "mirror",
  };
  const deep = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  const deeperThanStack = `${"[".repeat(500_000)}${"]".repeat(500_000)}`;
  const replaced = { id: "r", type: "reasoning", content: "", created_at: turn.started_at };
  const sent = { from: 0, messages: 1, left_out: 0, context_window: 4096, budget: 3072, hash: "" };
  const recall = { searched: 1, total: 1, matched: 1, ms: 1 };
  const recalled = { from: 0, to: 1, score: 1, terms: [] };

  test.each<[string, unknown, string]>([
    ["no messages", {}, "messages"],
    ["messages that are no list", { messages: {} }, "messages"],
    ["another format", { format: "else", messages: [] }, "format"],
    ["a later version", { version: 3, messages: [] }, "version"],
    ["a message that is none", { messages: [message, 1] }, "messages.1"],
    ["an unknown role", { messages: [{ ...message, role: "root" }] }, "messages.0.role"],
    ["no content", { messages: [{ role: "user" }] }, "messages.0.content"],
    ["half a surrogate pair", '{"messages":[{"role":"user","content":"\\ud83c"}]}', "messages.0.content"],
    ["a control character in an id", { messages: [{ ...message, id: "a\u0000" }] }, "messages.0.id"],
    ["a time that is none", { messages: [{ ...message, created_at: "yesterday" }] }, "messages.0.created_at"],
    ["metadata too deep", { messages: [{ ...message, metadata: deep(101) }] }, "messages.0.metadata"],
    [
      "metadata deeper than the stack",
      `{"messages":[{"role":"user","content":"","metadata":${deeperThanStack}}]}`,
      "messages.0.metadata",
    ],
    [
      "settings too deep",
      { messages: [message], turns: [{ ...turn, settings: deep(101) }] },
      "turns.0.settings",
    ],
    [
      "a replaced item's metadata too deep",
      { messages: [message], turns: [{ ...turn, replaced_output: [{ ...replaced, metadata: deep(101) }] }] },
      "turns.0.replaced_output.0.metadata",
    ],
    [
      "a replaced message without a role",
      { messages: [message], turns: [{ ...turn, replaced_output: [{ ...replaced, type: "message" }] }] },
      "turns.0.replaced_output.0.role",
    ],
    [
      "half a surrogate pair in a replaced item",
      { messages: [message], turns: [{ ...turn, replaced_output: [{ ...replaced, content: "\ud83c" }] }] },
      "turns.0.replaced_output.0.content",
    ],
    [
      "an empty id of a replaced item",
      { messages: [message], turns: [{ ...turn, replaced_output: [{ ...replaced, id: "" }] }] },
      "turns.0.replaced_output.0.id",
    ],
    [
      "tools that are no list",
      { messages: [message], turns: [{ ...turn, settings: { tools: 5 } }] },
      "turns.0.settings.tools",
    ],
    [
      "a tool's schema too deep",
      {
        messages: [message],
        turns: [{ ...turn, settings: { tools: [{ name: "a", parameters: { a: deep(101) } }] } }],
      },
      "turns.0.settings.tools.0.parameters.a",
    ],
    [
      "a message that is recalled twice",
      {
        messages: [message],
        turns: [{ ...turn, sent: { ...sent, recall: { ...recall, turns: [recalled, recalled] } } }],
      },
      "turns.0.sent.recall.turns",
    ],
    [
      "a message that is listed twice",
      { messages: [message], turns: [{ ...turn, sent: { ...sent, contents: { listed: [0, 0] } } }] },
      "turns.0.sent.contents.listed",
    ],
    ["a tool call that is none", { messages: [{ ...message, tool_calls: [1] }] }, "messages.0.tool_calls.0"],
    ["a title that is too long", { messages: [], session: { title: "x".repeat(201) } }, "session.title"],
    ["a life that is too long", { messages: [], session: { ttl_seconds: 1e12 } }, "session.ttl_seconds"],
    ["a root that is no id", { messages: [], session: { root_id: ".." } }, "session.root_id"],
    ["turns that are no list", { messages: [], turns: 1 }, "turns"],
    [
      "a turn that is running",
      { messages: [message], turns: [{ ...turn, status: "running" }] },
      "turns.0.status",
    ],
    ["a turn's id that is none", { messages: [message], turns: [{ ...turn, id: "x" }] }, "turns.0.id"],
    ["a turn twice", { messages: [message], turns: [turn, turn] }, "turns.1.id"],
    [
      "a turn behind the end",
      { messages: [message], turns: [{ ...turn, user_place: 1 }] },
      "turns.0.user_place",
    ],
    [
      "a place below zero",
      { messages: [message], turns: [{ ...turn, user_place: -1 }] },
      "turns.0.user_place",
    ],
    [
      "an answer that the user gave",
      { messages: [message], turns: [{ ...turn, answer_place: 0 }] },
      "turns.0.answer_place",
    ],
    ["an unknown provider", { messages: [message], turns: [{ ...turn, provider: "x" }] }, "turns.0.provider"],
    [
      "tokens that are text",
      { messages: [message], turns: [{ ...turn, tokens: { counted: "1" } }] },
      "turns.0.tokens.counted",
    ],
  ])("%s: refused by its field, and nothing is stored", async (_, body, field) => {
    const server = await startTestServer();
    const answer = await server.inject("POST", "/sessions/import?session_id=i", body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe("invalid_request");
    expect(answer.json().errors[0].field).toBe(field);
    expect(await server.keys()).toEqual([]);
  });

  test("settings that are larger than a session keeps: refused, and nothing is stored", async () => {
    const server = await startTestServer();
    const session = { settings: { system: "\u0001".repeat(20_000) } };
    const answer = await server.inject("POST", "/sessions/import", { session, messages: [message] });
    expect([answer.statusCode, answer.json().code]).toEqual([413, "body_too_large"]);
    expect(await server.keys()).toEqual([]);
  });

  test("an unknown field deeper than the stack is left out, as any other", async () => {
    const server = await startTestServer();
    const body = `{"messages":[{"role":"user","content":"a","other":${deeperThanStack}}]}`;
    const answer = await server.inject("POST", "/sessions/import", body);
    expect([answer.statusCode, answer.json().message_count]).toEqual([201, 1]);
  });

  test("ids twice, and an id in use, are refused", async () => {
    const server = await startTestServer();
    const twice = [
      { ...message, id: "x" },
      { ...message, id: "x" },
    ];
    const answer = await server.inject("POST", "/sessions/import", { messages: twice });
    expect([answer.statusCode, answer.json().code]).toEqual([409, "duplicate_message_id"]);
    await append(server, "s", [message]);
    const taken = await server.inject("POST", "/sessions/import?session_id=s", { messages: [] });
    expect([taken.statusCode, taken.json().code]).toEqual([409, "session_exists"]);
  });

  test("stops at the first of millions of wrong entries", async () => {
    const server = await startTestServer();
    const entries = (entry: string, count: number) => `{"messages":[${Array(count).fill(entry).join(",")}]}`;
    const some = await server.inject("POST", "/sessions/import", entries("{}", 200_000));
    expect(some.json().errors).toHaveLength(1);
    const many = await server.inject("POST", "/sessions/import", entries("1", 10_000_000));
    expect(many.json().errors).toMatchObject([{ field: "messages" }]);
  });

  test("more than 32 MiB are refused; other routes take 1 MiB still", async () => {
    const server = await startTestServer();
    const body = (mib: number) => JSON.stringify({ messages: [user("x".repeat(mib * 1024 ** 2))] });
    const messages = Array.from({ length: 31 }, () => user("x".repeat(1_000_000)));
    // A busy machine can take longer for 31 MiB than the server waits for Redis; then it asks the client to try again.
    await vi.waitFor(async () => {
      const { statusCode } = await server.inject("POST", "/sessions/import", { messages });
      expect(statusCode).toBe(201);
    }, 60_000);
    const answer = await server.inject("POST", "/sessions/import", body(32));
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({
      code: "body_too_large",
      detail: "The body is larger than 32 MiB.",
    });
    const other = await server.inject("POST", "/sessions/s/messages", body(1));
    expect(other.json()).toMatchObject({ code: "body_too_large", detail: "The body is larger than 1 MiB." });
  });

  test("a message, an answer and a failed turn that are longer than other bodies can be are taken", async () => {
    const server = await startTestServer();
    const content = "x".repeat(2 * 1024 ** 2);
    const messages = [user(content), { role: "assistant", content }];
    const { statusCode } = await server.inject("POST", "/sessions/import?session_id=long", {
      messages,
      turns: [failedTurn(content)],
    });
    expect(statusCode).toBe(201);
    const archive = (await server.inject("GET", "/sessions/long/export?format=json")).json();
    expect(archive).toMatchObject({ messages, turns: [{ replaced_response: content }] });
    const again = await server.inject("POST", "/sessions/import", archive);
    expect([again.statusCode, again.json().message_count]).toEqual([201, 2]);
  });

  test("names the conversation of another chat's export that has too many entries", async () => {
    const server = await startTestServer();
    const message = (more: object) => ({ messages: [{ messageId: "a", isCreatedByUser: true, ...more }] });
    const content = Array.from({ length: 200_001 }, () => ({ type: "think", think: "Hm" }));
    const body = [message({ text: "Hi" }), message({ content })];
    const answer = await server.inject("POST", "/sessions/import", body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toMatchObject([{ field: "1.messages" }]);
    expect(await server.keys()).toEqual([]);
  });

  test("a session id that is none is refused", async () => {
    const server = await startTestServer();
    const answer = await server.inject("POST", "/sessions/import?session_id=", { messages: [] });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toMatchObject([{ field: "session_id" }]);
  });
});
