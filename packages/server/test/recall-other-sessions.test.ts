import type { ContextReport } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { stopDeadlines } from "./stop-deadlines.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const asking = { mode: "stateful", provider: "mirror", system: "", other_sessions: true };
const QUESTION = "What is the name of my cat?";

const append = (server: TestServer, id: string, ...contents: string[]) =>
  server.inject("POST", `/sessions/${id}/messages`, {
    messages: contents.map((content, n) => ({ role: n % 2 ? "assistant" : "user", content })),
  });

async function ask(server: TestServer, more: object = {}) {
  stopDeadlines();
  const body = { ...asking, session_id: "now", message: QUESTION, ...more };
  const preview: ContextReport = (await server.inject("POST", "/context-preview", body)).json();
  const response = await server.inject("POST", "/chat", body);
  expect(response.statusCode).toBe(200);
  const { turn_id, response: text } = response.json();
  const read = async (): Promise<ContextReport> =>
    (await server.inject("GET", `/sessions/now/turns/${turn_id}`)).json().report;
  return { text: String(text), preview, report: await read(), read };
}

const recallIn = ({ parts }: ContextReport) => parts.find((part) => part.kind === "recall");
const sentIn = ({ messages }: ContextReport) => messages.at(-1)?.content ?? "";

async function start(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({ env });
  await append(server, "pets", "The name of my cat is Miso", "A fine name");
  await server.inject("PATCH", "/sessions/pets", { title: 'My "pets"]\n[x' });
  await append(server, "rain", "It rains", "It does");
  return server;
}

test("a turn of another session is quoted with its title, and the report links it", async () => {
  const server = await start();
  const { text, preview, report } = await ask(server);
  expect(text).toContain('I was reminded that you said: "The name of my cat is Miso".');
  for (const one of [preview, report]) {
    const [title, first, ...rest] = sentIn(one).split("\n");
    expect(title).toBe("Quoted from earlier in this and other conversations, not all of it:");
    expect(first).toMatch(/^> \[[-\d]+ [\d:]+, in "My pets x"\] User: The name of my cat is Miso$/);
    expect(rest).toEqual(["> Assistant: A fine name", "", QUESTION]);
    expect(recallIn(one)).toMatchObject({
      message_ids: [],
      sessions: 2,
      searched: 4,
      total: 4,
      hits: [{ session: { id: "pets" }, text: "The name of my cat is Miso" }],
    });
    expect(one.left_out).toEqual([]);
    expect(one.intact).toBe(true);
    expect(one.parts.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(one.tokens.counted);
  }
  expect(preview.hash).toBe(report.hash);
});

test.each([
  ["the request does not ask for it", { other_sessions: undefined }],
  ["the strategy is window", { memory: "window" }],
  ["the turn is stateless", { mode: "stateless" }],
])("no other session is searched when %s", async (_, more) => {
  const { report, preview, text } = await ask(await start(), more);
  expect(recallIn(report)).toBeUndefined();
  expect(recallIn(preview)).toBeUndefined();
  expect(text).not.toContain("Miso");
});

test("turns of this session outside the window and of others are quoted together, this one's last", async () => {
  const server = await start();
  const filler = Array.from({ length: 20 }, () => [
    "We walked along the river for a long while. ".repeat(4),
    "Nice",
  ]);
  await append(server, "now", "The name of my dog is Rex", "A good dog", ...filler.flat());
  const { report } = await ask(server, { context_tokens: 512, message: "The name of my cat and dog?" });
  const recall = recallIn(report);
  expect(recall?.hits.map(({ session, text }) => [session?.id, text]).sort()).toEqual([
    [undefined, "The name of my dog is Rex"],
    ["pets", "The name of my cat is Miso"],
  ]);
  expect(recall?.message_ids).toHaveLength(2);
  const sent = sentIn(report);
  expect(sent.indexOf("Miso")).toBeLessThan(sent.indexOf("Rex"));
  const ids = report.parts.flatMap(({ message_ids }) => message_ids);
  expect(ids.length + (report.left_out[0]?.messages ?? 0)).toBe(43);
});

test("a fork of the session is not searched, nor the session that it is a fork of", async () => {
  const server = await start();
  await server.inject("POST", "/sessions/pets/fork", { session_id: "now" });
  await server.inject("POST", "/sessions/now/fork", { session_id: "again" });
  const { report } = await ask(server);
  expect(recallIn(report)).toMatchObject({ sessions: 1, hits: [] });
  expect(sentIn(report)).toBe(QUESTION);
});

test("what is deleted is no longer in the report, which says that it is not what was sent", async () => {
  const server = await start();
  const { read } = await ask(server);
  await server.inject("DELETE", "/sessions/pets");
  const report = await read();
  expect(report.intact).toBe(false);
  expect(JSON.stringify(report)).not.toContain("Miso");
  expect(recallIn(report)?.hits).toEqual([]);
});

test("another owner's sessions are not searched", async () => {
  const server = await startTestServer({ env: { AUTH: "keys" } });
  const as = async (owner: string) => ({
    authorization: `Bearer ${(await server.apiKeys.create({ owner })).key}`,
  });
  const [alice, bob] = [await as("alice"), await as("bob")];
  const messages = [{ role: "user", content: "The name of my cat is Miso" }];
  await server.inject("POST", "/sessions/pets/messages", { messages }, alice);
  const preview = (headers: Record<string, string>) =>
    server.inject("POST", "/context-preview", { ...asking, message: QUESTION }, headers);
  expect((await preview(bob)).body).not.toContain("Miso");
  expect((await preview(alice)).body).toContain("Miso");
});

test("the OpenAI-compatible API searches other conversations where a request asks for it", async () => {
  const server = await start();
  const sent = () => JSON.stringify(server.openai.lastTurn.body);
  const body = { model: "gpt-4o-mini", input: QUESTION };
  await server.inject("POST", "/v1/responses", { ...body, other_sessions: true });
  expect(sent()).toContain("Miso");
  await server.inject("POST", "/v1/responses", { ...body, memory: "recall" });
  expect(sent()).not.toContain("Miso");
});
