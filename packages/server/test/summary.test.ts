import { MemoryError, MessageHistory } from "@redis-memory-magic/memory";
import type { ContextReport } from "@redis-memory-magic/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { conversationId } from "../src/openai/ids.ts";
import { FILLER, LONG_SESSION, reportOf } from "./long-session.ts";
import { stopDeadlines } from "./stop-deadlines.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const asking = { mode: "stateful", provider: "mirror", context_tokens: 512, system: "" };

/** A server with the long session. */
async function startLongSession(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({ env });
  await server.inject("POST", "/sessions/s/messages", { messages: LONG_SESSION });
  return server;
}

async function say(server: TestServer, message: string, more: object = {}) {
  stopDeadlines();
  const response = await server.inject("POST", "/chat", { ...asking, session_id: "s", ...more, message });
  expect(response.statusCode).toBe(200);
  const { turn_id: turnId, response: text } = response.json();
  return { text: String(text), turnId: String(turnId), report: await reportOf(server, turnId) };
}

afterEach(() => void vi.restoreAllMocks());

const summaryOf = ({ parts }: ContextReport) => parts.find((part) => part.kind === "summary");

test("a table of contents of what is outside the window begins the first message", async () => {
  const server = await startLongSession();
  const { text, report } = await say(server, "Hi", { memory: "summary" });
  const { entries = [], tokens = 0 } = summaryOf(report) ?? {};
  expect(entries.length).toBeGreaterThan(1);
  const [first, ...others] = report.messages.map(({ content }) => content);
  expect(first?.split("\n\n")[0]?.split("\n")).toEqual([
    "The user said earlier (first words only):",
    ...entries.map((entry) => `> ${entry.text}`),
  ]);
  expect(first).toContain(`\n\nQuestion`);
  expect(others.join()).not.toContain("first words only");
  // The newest that are not sent, up to the window.
  const last = Number(/Question (\d+)/.exec(first?.split("\n\n")[1] ?? "")?.[1]) - 1;
  expect(entries.at(-1)).toEqual({
    message_id: `q${last}`,
    text: `Question ${last}: We walked along the river and…`,
  });
  expect(text).toContain(`"Question ${last}: We walked along the river and…".`);
  expect(tokens).toBeGreaterThan(0);
  expect(tokens).toBeLessThanOrEqual(report.budget / 8);
  expect(report.intact).toBe(true);
});

test("the parts are in the order of the payload, and add up to its tokens", async () => {
  const server = await startLongSession();
  const more = { memory: "recall+summary", system: "Be kind.", notes: true };
  await server.inject("POST", "/notes", { notes: [{ text: "I am a pilot." }] });
  const { report, text } = await say(server, "What is my name?", more);
  const kinds = ["system", "notes", "summary", "window", "recall", "message"];
  expect(report.parts.map(({ kind }) => kind)).toEqual(kinds);
  const sum = report.parts.reduce((all, { tokens }) => all + tokens, 0);
  expect(sum).toBe(report.tokens.counted);
  expect(sum).toBe(report.messages.reduce((all, { tokens }) => all + tokens, 0));
  expect(sum).toBeLessThanOrEqual(report.budget);
  expect(text).toContain('I was reminded that you said: "My name is Bob".');
  // What is listed is left out all the same.
  const ids = report.parts.flatMap(({ message_ids }) => message_ids);
  expect(ids.length + (report.left_out[0]?.messages ?? 0)).toBe(43);
});

test("the message is sent a table of contents where no message of the history fits", async () => {
  const server = await startTestServer();
  const messages = ["My name is Bob", FILLER.repeat(6), FILLER.repeat(6)].flatMap((content) => [
    { role: "user", content },
    { role: "assistant", content: "How nice." },
  ]);
  await server.inject("POST", "/sessions/s/messages", { messages });
  const { report } = await say(server, "Who am I?", { memory: "summary" });
  expect(report.parts.map(({ kind }) => kind)).toEqual(["summary", "message"]);
  expect(report.messages.map(({ content }) => content.split("\n").slice(-4))).toEqual([
    [
      "> We walked along the river and looked at…",
      "> We walked along the river and looked at…",
      "",
      "Who am I?",
    ],
  ]);
});

test("a preview lists what the turn lists, and changes nothing", async () => {
  const server = await startLongSession();
  const body = { ...asking, session_id: "s", memory: "summary", message: "Hi" };
  const previewed: ContextReport = (await server.inject("POST", "/context-preview", body)).json();
  const { report } = await say(server, "Hi", { memory: "summary" });
  expect(summaryOf(previewed)).toEqual(summaryOf(report));
  expect(previewed.hash).toBe(report.hash);
  expect(previewed.tokens.counted).toBe(report.tokens.counted);
});

test.each([
  ["the strategy is the default", {}],
  ["the strategy is window", { memory: "window" }],
  ["the turn is stateless", { memory: "summary", mode: "stateless" }],
  ["the history fits", { memory: "summary", context_tokens: 8192 }],
])("a table of contents is left out when %s", async (_, more) => {
  const server = await startLongSession();
  const { report, text } = await say(server, "Hi", more);
  expect(summaryOf(report)).toBeUndefined();
  expect(text).not.toContain("first words");
});

test("only a strategy with a table of contents reads for it, and once", async () => {
  const server = await startLongSession();
  const read = vi.spyOn(MessageHistory.prototype, "questions");
  for (const more of [{}, { memory: "recall" }, { memory: "window" }]) await say(server, "Hi", more);
  expect(read).not.toHaveBeenCalled();
  await say(server, "Hi", { memory: "recall+summary" });
  expect(read).toHaveBeenCalledTimes(1);
});

test("a turn goes on without it when the messages cannot be read, and its report says so", async () => {
  const server = await startLongSession();
  const away = new MemoryError("unavailable", "Redis is away.");
  vi.spyOn(MessageHistory.prototype, "questions").mockRejectedValue(away);
  const { report, text } = await say(server, "What is my name?", { memory: "recall+summary" });
  expect(summaryOf(report)).toEqual({
    kind: "summary",
    tokens: 0,
    message_ids: [],
    entries: [],
    failed: "unavailable",
  });
  expect(report.intact).toBe(true);
  expect(text).toContain('I was reminded that you said: "My name is Bob".');
});

test("it stays the same while the window begins at the same message", async () => {
  const server = await startLongSession();
  const contents = [];
  const starts = [];
  for (let n = 0; n < 6; n++) {
    const { report } = await say(server, `${n}`, { memory: "summary", context_tokens: 1024 });
    contents.push(JSON.stringify(summaryOf(report)?.entries));
    // A window without history begins at the message.
    const sent = report.parts.filter(({ kind }) => kind === "window" || kind === "message");
    starts.push(sent[0]?.message_ids[0]);
  }
  expect(new Set(contents).size).toBe(new Set(starts).size);
  expect(new Set(starts).size).toBeLessThan(6);
});

test("what was dropped is not listed, and an earlier report says that it is no longer what was sent", async () => {
  const server = await startLongSession();
  const { report, turnId } = await say(server, "Hi", { memory: "summary" });
  const { message_id: id = "" } = summaryOf(report)?.entries[0] ?? {};
  const history = new MessageHistory({ client: server.redis.client, name: server.name });
  await history.drop("s", id);
  const later = await reportOf(server, turnId);
  expect(later.intact).toBe(false);
  expect(JSON.stringify(later)).not.toContain(`"${id}"`);
  const again = await say(server, "Hi again", { memory: "summary" });
  expect(JSON.stringify(again.report)).not.toContain(`"${id}"`);
});

test("a fork and an imported session still say what an earlier turn was sent", async () => {
  const server = await startLongSession();
  const { turnId, report } = await say(server, "Hi", { memory: "recall+summary" });
  const exported = (await server.inject("GET", "/sessions/s/export")).json();
  const imported = (await server.inject("POST", "/sessions/import", exported)).json();
  const forked = (await server.inject("POST", "/sessions/s/fork", {})).json();
  for (const { id: session } of [imported, forked]) {
    const copy = await reportOf(server, turnId, session);
    expect(copy.intact).toBe(true);
    expect(summaryOf(copy)?.entries.map(({ text }) => text)).toEqual(
      summaryOf(report)?.entries.map(({ text }) => text),
    );
  }
});

test("it is chosen by a session's settings and by the OpenAI-compatible API, and no other name is taken", async () => {
  const server = await startLongSession({ CONTEXT_MAX_TOKENS: "512" });
  const saved = await server.inject("PATCH", "/sessions/s/settings", { memory: "recall+summary" });
  expect(saved.json()).toMatchObject({ memory: "recall+summary" });
  const messages = [{ role: "user", content: "Hi" }];
  const complete = (memory: string) =>
    server.inject("POST", "/v1/chat/completions", { model: "mirror", messages, session_id: "s", memory });
  expect((await complete("summary")).json().choices[0].message.content).toContain(
    "I was sent the first words of",
  );
  const input = { model: "mirror", input: "Hi", memory: "recall+summary" };
  const response = await server.inject("POST", "/v1/responses", {
    ...input,
    conversation: conversationId("s"),
  });
  expect(response.json().memory).toBe("recall+summary");
  expect(JSON.stringify(response.json().output)).toContain("I was sent the first words of");
  for (const wrong of ["summary+recall", "summaries", ""]) {
    expect((await complete(wrong)).statusCode).toBe(400);
    const refused = await server.inject("POST", "/chat", { ...asking, message: "Hi", memory: wrong });
    expect(refused.json()).toMatchObject({ status: 400, code: "invalid_request" });
  }
});
