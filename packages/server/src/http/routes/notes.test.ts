import type { ContextReport, Note } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

const put = (server: TestServer, ...notes: (Partial<Note> | object)[]) =>
  server.inject("POST", "/notes", { notes });

async function list(server: TestServer, query = ""): Promise<Note[]> {
  const response = await server.inject("GET", `/notes${query}`);
  expect(response.statusCode).toBe(200);
  return response.json().notes;
}

async function say(server: TestServer, more: object = {}) {
  const body = { message: "Hi", mode: "stateful", provider: "mirror", session_id: "s", notes: true, ...more };
  const preview: ContextReport = (await server.inject("POST", "/context-preview", body)).json();
  const response = await server.inject("POST", "/chat", body);
  expect(response.statusCode).toBe(200);
  const read = async (): Promise<ContextReport> =>
    (await server.inject("GET", `/sessions/s/turns/${response.json().turn_id}`)).json().report;
  return { preview, report: await read(), read };
}

const notesIn = ({ parts }: ContextReport) => parts.find((part) => part.kind === "notes");
const systemOf = ({ messages }: ContextReport) => messages.find(({ role }) => role === "system")?.content;

test("notes are written, listed, searched, replaced and deleted", async () => {
  const server = await startTestServer();
  const source = { session_id: "s", message_id: "m" };
  const written = await put(server, { text: "I live in Turin", source }, { text: "My dog is Rex" });
  expect(written.statusCode).toBe(200);
  const [turin, rex] = written.json().notes as [Note, Note];
  expect(await list(server)).toEqual([turin, rex].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  expect(turin.source).toEqual(source);
  expect(await list(server, "?q=DOG%20rex")).toEqual([rex]);
  expect(await list(server, "?q=cat")).toEqual([]);
  await put(server, { ...rex, text: "My dog was Rex" });
  expect((await list(server, "?q=rex")).map(({ text }) => text)).toEqual(["My dog was Rex"]);
  expect((await server.inject("DELETE", `/notes/${rex.id}`)).statusCode).toBe(204);
  const again = await server.inject("DELETE", `/notes/${rex.id}`);
  expect(again.json()).toMatchObject({ status: 404, code: "note_not_found" });
  expect(await list(server)).toEqual([turin]);
});

test("what GET /notes returns can be imported elsewhere", async () => {
  const server = await startTestServer();
  await put(server, { text: "a", created_at: "2026-01-02T03:04:05.000Z" }, { text: "b" });
  const exported = (await server.inject("GET", "/notes")).json();
  const other = await startTestServer();
  expect((await other.inject("POST", "/notes", exported)).statusCode).toBe(200);
  expect(await list(other)).toEqual(exported.notes);
});

test.each([
  ["no notes", { notes: [] }],
  ["an empty text", { notes: [{ text: " " }] }],
  ["a text of 201 characters", { notes: [{ text: "a".repeat(201) }] }],
  ["half of a surrogate pair", { notes: [{ text: "\ud800" }] }],
  ["an id with a control character", { notes: [{ text: "a", id: "\u0000" }] }],
  ["51 notes", { notes: Array.from({ length: 51 }, () => ({ text: "a" })) }],
  ["half of a source", { notes: [{ text: "a", source: { session_id: "s" } }] }],
  ["text alone", { text: "a" }],
])("refuses %s", async (_, body) => {
  const server = await startTestServer();
  const response = await server.inject("POST", "/notes", body);
  expect(response.json()).toMatchObject({ status: 400, code: "invalid_request" });
  expect(await list(server)).toEqual([]);
});

test("refuses the 51st note, and says what to do", async () => {
  const server = await startTestServer();
  await put(server, ...Array.from({ length: 50 }, (_, n) => ({ text: `Note ${n}` })));
  const refused = (await put(server, { text: "one more" })).json();
  expect(refused).toMatchObject({ status: 429, code: "storage_limit_reached" });
  expect(refused.detail).toBe("There can be 50 notes at most. Delete one that is no longer needed.");
});

test("a turn that asks for notes is sent them at the end of the system prompt, and its report says so", async () => {
  const server = await startTestServer();
  const { notes } = (await put(server, { text: "I live\nin Turin" }, { text: "My dog is Rex" })).json();
  const { preview, report, read } = await say(server, { system: "Be kind." });
  for (const one of [preview, report]) {
    expect(systemOf(one)).toMatch(/^Be kind\.\n\nNotes that the user has written for you:\n- /);
    expect(systemOf(one)).toContain("- I live in Turin");
    expect(one.parts.map(({ kind }) => kind)).toEqual(["system", "notes", "message"]);
    expect(notesIn(one)).toMatchObject({
      total: 2,
      note_ids: expect.arrayContaining(notes.map((n: Note) => n.id)),
    });
    expect(one.parts.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(one.tokens.counted);
    expect(one.intact).toBe(true);
  }
  expect(preview.hash).toBe(report.hash);
  // A report copies nothing: what is deleted is gone from it, too.
  await server.inject("DELETE", `/notes/${notes[0].id}`);
  const later = await read();
  expect(later.intact).toBe(false);
  expect(systemOf(later)).not.toContain("Turin");
  expect(systemOf(later)).toContain("Rex");
});

test("without a system prompt the notes are all of it", async () => {
  const server = await startTestServer();
  await put(server, { text: "I live in Turin" });
  const { report } = await say(server, { system: "" });
  expect(report.parts.map(({ kind }) => kind)).toEqual(["notes", "message"]);
  expect(systemOf(report)).toMatch(/^Notes that/);
});

test.each([
  ["the request does not ask for them", { notes: undefined }],
  ["it says false", { notes: false }],
  ["the turn is stateless", { mode: "stateless" }],
])("no notes are sent when %s", async (_, more) => {
  const server = await startTestServer();
  await put(server, { text: "I live in Turin" });
  const { report, preview } = await say(server, more);
  expect(notesIn(report)).toBeUndefined();
  expect(JSON.stringify([report, preview])).not.toContain("Turin");
});

test("the newest notes that fit are sent, and a small window keeps room for the message", async () => {
  const server = await startTestServer();
  await put(
    server,
    ...Array.from({ length: 50 }, (_, n) => ({
      id: `n${n}`,
      text: `${n}: ${"a long walk along the river ".repeat(6)}`,
      created_at: new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString(),
    })),
  );
  const { report } = await say(server);
  const { tokens = 0, note_ids, total } = notesIn(report) ?? {};
  expect(tokens).toBeGreaterThan(300);
  expect(tokens).toBeLessThanOrEqual(500);
  expect(total).toBe(50);
  expect(note_ids?.at(-1)).toBe("n49");
  const small = (await say(server, { context_tokens: 256 })).report;
  expect(notesIn(small)?.tokens).toBeLessThanOrEqual(48);
  expect(notesIn(small)?.total).toBe(50);
});

test("another owner's notes are neither listed, deleted nor sent", async () => {
  const server = await startTestServer({ env: { AUTH: "keys" } });
  const keyOf = async (owner: string) => ({
    authorization: `Bearer ${(await server.apiKeys.create({ owner })).key}`,
  });
  const [alice, bob] = [await keyOf("alice"), await keyOf("bob")];
  const { notes } = (
    await server.inject("POST", "/notes", { notes: [{ text: "I am Alice" }] }, alice)
  ).json();
  expect((await server.inject("GET", "/notes", undefined, bob)).json()).toEqual({ notes: [] });
  expect((await server.inject("DELETE", `/notes/${notes[0].id}`, undefined, bob)).statusCode).toBe(404);
  const body = { message: "Hi", mode: "stateful", provider: "mirror", notes: true };
  expect((await server.inject("POST", "/context-preview", body, bob)).body).not.toContain("Alice");
  expect((await server.inject("POST", "/context-preview", body, alice)).body).toContain("Alice");
  expect((await server.inject("GET", "/notes")).statusCode).toBe(401);
});

test("notes count towards the owner's stored bytes", async () => {
  const server = await startTestServer({ env: { LIMIT_STORED_BYTES: "800" } });
  await put(server, ...Array.from({ length: 3 }, () => ({ text: "a".repeat(200) })));
  const refused = await put(server, { text: "a".repeat(200) });
  expect(refused.json()).toMatchObject({ code: "storage_limit_reached" });
  const messages = [{ role: "user", content: "a".repeat(400) }];
  const append = () => server.inject("POST", "/sessions/s/messages", { messages });
  expect((await append()).statusCode).toBe(429);
  for (const { id } of await list(server)) await server.inject("DELETE", `/notes/${id}`);
  expect((await append()).statusCode).toBe(200);
});

test("the OpenAI-compatible API sends notes where a request asks for them", async () => {
  const server = await startTestServer();
  await put(server, { text: "I live in Turin" });
  const ask = (path: string, body: object) => server.inject("POST", path, { model: "gpt-4o-mini", ...body });
  const sent = () => JSON.stringify(server.openai.lastTurn.body);
  await ask("/v1/responses", { input: "Hi", notes: true });
  expect(sent()).toContain("Turin");
  await ask("/v1/responses", { input: "Hi" });
  expect(sent()).not.toContain("Turin");
  await ask("/v1/chat/completions", { messages: [{ role: "user", content: "Hi" }], notes: true });
  expect(sent()).toContain("Turin");
});
