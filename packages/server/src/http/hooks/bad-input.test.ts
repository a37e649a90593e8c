import { problem } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";

const good = { message: "Hi", mode: "stateless", provider: "mirror", session_id: "s" };

test.each<[string, unknown, string, number]>([
  ["an empty message", { ...good, message: "" }, "message", 400],
  ["2,001 characters", { ...good, message: "x".repeat(2001) }, "message", 400],
  ["2,001 emoji", { ...good, message: "🎉".repeat(2001) }, "message", 400],
  ["half a surrogate pair", { ...good, message: "\ud83c" }, "message", 400],
  ["no message", { ...good, message: undefined }, "message", 400],
  ["a message that is a number", { ...good, message: 7 }, "message", 400],
  ["an unknown mode", { ...good, mode: "Stateful" }, "mode", 400],
  ["an unknown provider", { ...good, provider: "gpt" }, "provider", 400],
  ["an empty session id", { ...good, session_id: "" }, "session_id", 400],
  ["an over-long session id", { ...good, session_id: "x".repeat(129) }, "session_id", 400],
  ["a control character in the session id", { ...good, session_id: "a\u0007" }, "session_id", 400],
  ["a session id that no path can name", { ...good, session_id: ".." }, "session_id", 400],
  ["a session id that is null", { ...good, session_id: null }, "session_id", 400],
  ["a window of nothing", { ...good, context_tokens: 0 }, "context_tokens", 400],
  ["a window of a fraction", { ...good, context_tokens: 99.5 }, "context_tokens", 400],
  ["a turn to retry that is no id", { ...good, retry_of: "last" }, "retry_of", 400],
  ["broken JSON", '{"message":', "body", 400],
  ["an empty body", "", "body", 400],
  ["an array", [], "body", 400],
  ["a string", '"Hi"', "body", 400],
  ["__proto__", '{"__proto__":{"message":"Hi"},"mode":"stateless","provider":"mirror"}', "body", 400],
  ["10 MB", { ...good, message: "x".repeat(10_000_000) }, "", 413],
])("%s is refused by name, before anything is stored or sent", async (_, body, field, status) => {
  const server = await startTestServer();
  const answer = await server.inject("POST", "/chat", body);
  expect(answer.statusCode).toBe(status);
  expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  const { code, errors, detail } = problem.parse(answer.json());
  expect(code).toBe(status === 413 ? "body_too_large" : "invalid_request");
  if (field !== "") expect(errors?.map((error) => error.field)).toContain(field);
  expect(detail).not.toMatch(/\bat .*:\d+:\d+/);
  expect(await server.keys()).toEqual([]);
  expect(server.openai.turns).toEqual([]);
});

test.each<[string, Buffer, string, string]>([
  ["ISO 8859-1", Buffer.from('{"message":"Grüße"}', "latin1"), "", "is not UTF-8"],
  [
    "a declared charset",
    Buffer.from('{"message":"Grüße"}', "latin1"),
    "; charset=iso-8859-1",
    "(iso-8859-1)",
  ],
  ["UTF-16", Buffer.from('\ufeff{"message":"Hi"}', "utf16le"), "", "is UTF-16"],
  [
    "single quotes of cmd.exe",
    Buffer.from("'{message:"),
    "",
    'is not JSON: "\'{message:". The shell has changed the quotes',
  ],
  ["lost quotes of PowerShell", Buffer.from("{message:Hi}"), "", "The shell has changed the quotes"],
])(
  "a body with %s is refused with the reason, and nothing is stored",
  async (_, payload, charset, reason) => {
    const server = await startTestServer();
    const headers = { host: "localhost", "content-type": `application/json${charset}` };
    const answer = await server.api.inject({ method: "POST", url: "/chat", payload, headers });
    expect(answer.statusCode).toBe(400);
    expect(problem.parse(answer.json()).detail).toContain(reason);
    expect(await server.keys()).toEqual([]);
  },
);

test("a session id of 128 emoji is accepted", async () => {
  const server = await startTestServer();
  const body = { ...good, mode: "stateful", session_id: "😀".repeat(128) };
  expect((await server.inject("POST", "/chat", body)).statusCode).toBe(200);
  expect((await server.inject("POST", "/chat", { ...body, session_id: "😀".repeat(129) })).statusCode).toBe(
    400,
  );
});

test("names each wrong field and the reason", async () => {
  const server = await startTestServer();
  const body = { message: 7, mode: "on", provider: "mirror", session_id: "", context_tokens: 3, system: [] };
  const answer = await server.inject("POST", "/chat", body);
  const told = problem.parse(answer.json()).errors?.map(({ field, message }) => `${field} ${message}`);
  expect(told?.sort()).toEqual([
    "context_tokens must be at least 16",
    "message must be a string",
    "mode must be stateless or stateful",
    "session_id must not be empty",
    "system must be a string",
  ]);
  const long = await server.inject("POST", "/chat", { ...good, session_id: "x".repeat(129) });
  expect(problem.parse(long.json()).detail).toBe("session_id: must have at most 128 characters");
});

test("2,000 characters are taken, counted as people count them", async () => {
  const server = await startTestServer();
  for (const message of ["x".repeat(2000), "🎉".repeat(2000)]) {
    expect((await server.inject("POST", "/chat", { ...good, message })).statusCode).toBe(200);
  }
});

test("20,000 characters are taken where the answer is streamed, as on the page", async () => {
  const server = await startTestServer();
  const ask = (length: number, accept: string) =>
    server.inject("POST", "/chat", { ...good, message: "x".repeat(length) }, { accept });
  expect((await ask(20_000, "text/event-stream")).statusCode).toBe(200);
  const long = await ask(20_001, "text/event-stream");
  expect(problem.parse(long.json()).detail).toBe("message: must be at most 20000 characters");
  const plain = await ask(2001, "application/json");
  expect(plain.json()).toMatchObject({
    status: 400,
    code: "invalid_request",
    detail: "message: must be at most 2000 characters",
    errors: [{ field: "message", message: "must be at most 2000 characters" }],
  });
  const { max_message_chars } = (await server.inject("GET", "/providers")).json();
  expect(max_message_chars).toBe(20_000);
});

test("MAX_MESSAGE_CHARS raises the limit", async () => {
  const server = await startTestServer({ env: { MAX_MESSAGE_CHARS: "2005" } });
  const { statusCode } = await server.inject("POST", "/chat", { ...good, message: "x".repeat(2005) });
  expect(statusCode).toBe(200);
});

test("MAX_MESSAGE_CHARS is reached by every script, however it is written", async () => {
  const server = await startTestServer({
    env: { MAX_MESSAGE_CHARS: "200000", CONTEXT_MAX_TOKENS: "1000000" },
  });
  const message = "\\ud83c\\udf89".repeat(200_000);
  const body = `{"message":"${message}","mode":"stateless","provider":"mirror"}`;
  expect((await server.inject("POST", "/context-preview", body)).json().code).toBe("context_too_small");
  expect((await server.inject("POST", "/chat", body)).json().code).toBe("context_too_small");
});

test("another content type is refused", async () => {
  const server = await startTestServer();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await server.inject("POST", "/chat", "message=Hi", headers);
  expect(answer.statusCode).toBe(415);
  expect(answer.json().code).toBe("unsupported_media_type");
});

test.each(["a:b", "}", "{x}", "*", "a|b", "会话", "a/b", "%2F", "...", " ", "?", "session_1,session_2"])(
  "the session id %j works, and stays apart",
  async (id) => {
    const server = await startTestServer();
    await server.inject("POST", "/chat", { ...good, session_id: "other", message: "I am the other" });
    const say = (message: string) =>
      server.inject("POST", "/chat", { ...good, mode: "stateful", session_id: id, message });
    await say("I am here");
    const second = (await say("Who?")).json();
    expect(second).toMatchObject({ session_id: id, message_count: 4 });
    expect(second.response).toContain("I am here");
    expect(second.response).not.toContain("other");
    const page = await server.inject("GET", `/sessions/${encodeURIComponent(id)}/messages`);
    expect(page.json().messages).toHaveLength(4);
  },
);

test.each([
  ["a foreign page", { origin: "https://example.com" }, "foreign_origin"],
  ["a page of nowhere", { origin: "null" }, "foreign_origin"],
  ["a page that only looks like this machine", { origin: "http://localhost.example.com" }, "foreign_origin"],
  ["a foreign host name", { host: "example.com" }, "foreign_host"],
  ["a host name that only looks like this machine", { host: "127.0.0.1.example.com:9090" }, "foreign_host"],
])("%s is refused", async (_, headers, code) => {
  const server = await startTestServer();
  const answer = await server.inject("POST", "/chat", good, headers);
  expect(answer.statusCode).toBe(403);
  expect(answer.json().code).toBe(code);
  expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  expect(await server.keys()).toEqual([]);
});

test.each(["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080"])(
  "a page of this machine (%s) may use the API",
  async (origin) => {
    const server = await startTestServer();
    const answer = await server.inject("POST", "/chat", good, { origin });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["access-control-allow-origin"]).toBe(origin);
  },
);

test("a compressed body is refused as such", async () => {
  const server = await startTestServer();
  const headers = { "content-encoding": "gzip" };
  const answer = await server.inject("POST", "/chat", good, headers);
  expect(answer.statusCode).toBe(415);
  expect(answer.json()).toMatchObject({
    code: "unsupported_media_type",
    detail: expect.stringContaining("gzip"),
  });
});

test.each(["text/plain;charset=UTF-8", "application/x-www-form-urlencoded"])(
  "JSON that is called %s is refused as such, not as a body without its fields",
  async (type) => {
    const server = await startTestServer();
    for (const path of ["/chat", "/v1/responses"]) {
      const answer = await server.inject("POST", path, good, { "content-type": type });
      expect(answer.statusCode).toBe(415);
      expect(answer.body).toContain("Send the body as application/json");
    }
  },
);

test.each([
  ["JSON", { "content-type": "application/json" }],
  ["a form", { "content-type": "application/x-www-form-urlencoded", "content-length": "0" }],
])("where no body is needed, one that is empty may be called %s", async (_, headers) => {
  const server = await startTestServer();
  const { turn_id } = (await server.inject("POST", "/chat", good)).json();
  const answers = [
    await server.inject("POST", `/sessions/s/turns/${turn_id}/cancel`, undefined, headers),
    await server.inject("POST", "/sessions/s/fork", undefined, headers),
    await server.inject("DELETE", "/sessions/s", undefined, headers),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 201, 204]);
});

test("a path with a slash at its end is the same path", async () => {
  const server = await startTestServer();
  expect((await server.inject("POST", "/chat/", good)).statusCode).toBe(200);
  expect((await server.inject("GET", "/sessions/")).json()).toMatchObject({ sessions: [{ id: "s" }] });
  expect((await server.inject("GET", "/docs/")).statusCode).toBe(200);
  // A base URL that ends with one.
  expect((await server.inject("GET", "//v1//models")).statusCode).toBe(200);
});

test("an unknown path is a problem too", async () => {
  const server = await startTestServer();
  const answer = await server.inject("GET", "/nothing/here");
  expect(answer.statusCode).toBe(404);
  expect(problem.parse(answer.json()).code).toBe("not_found");
});
