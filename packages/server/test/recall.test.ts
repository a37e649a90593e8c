import { MessageHistory } from "@redis-memory-magic/memory";
import type { ContextReport } from "@redis-memory-magic/protocol";
import { expect, test, vi } from "vitest";
import { trigrams } from "../../memory/test/trigram-embedder.ts";
import { stopDeadlines } from "./stop-deadlines.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const asking = { mode: "stateful", provider: "mirror", session_id: "s", context_tokens: 512, system: "" };
const FILLER = "We walked along the river and looked at boats for a long while. ".repeat(3);

async function say(server: TestServer, message: string, more: object = {}) {
  stopDeadlines();
  const response = await server.inject("POST", "/chat", { ...asking, ...more, message });
  expect(response.statusCode).toBe(200);
  const { turn_id, response: text } = response.json();
  const { report } = (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json();
  return { text, report: report as ContextReport, turnId: String(turn_id) };
}

/** A session in which the name was told so long ago that it is outside the window. */
async function startLongSession(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({ env });
  const messages = [
    { id: "name", role: "user", content: "My name is Bob" },
    { id: "greeting", role: "assistant", content: "Hello Bob!" },
    ...Array.from({ length: 20 }, (_, n) => [
      { role: "user", content: `${n}: ${FILLER}` },
      { role: "assistant", content: "How nice." },
    ]).flat(),
  ];
  await server.inject("POST", "/sessions/s/messages", { messages });
  return server;
}

const partOf = <Kind extends ContextReport["parts"][number]["kind"]>({ parts }: ContextReport, kind: Kind) =>
  parts.find((part): part is Extract<typeof part, { kind: Kind }> => part.kind === kind);

test("a turn from outside the window is quoted before the message, and the report says why", async () => {
  const server = await startLongSession();
  const { text, report } = await say(server, "What is my name?");
  expect(text).toContain('I was reminded that you said: "My name is Bob".');
  const last = report.messages.at(-1);
  const lines = last?.content.split("\n");
  expect(lines?.[0]).toBe("Quoted from earlier in this conversation, not all of it:");
  expect(lines?.[1]).toMatch(/^> \[\d{4}-\d\d-\d\d \d\d:\d\d\] User: My name is Bob$/);
  expect(lines?.slice(2)).toEqual(["> Assistant: Hello Bob!", "", "What is my name?"]);
  const recall = partOf(report, "recall");
  expect(recall).toMatchObject({
    message_ids: ["name", "greeting"],
    hits: [{ message_ids: ["name", "greeting"], terms: [{ term: "name", weight: expect.any(Number) }] }],
  });
  expect(recall?.failed).toBeUndefined();
  expect(recall?.searched).toBe(recall?.total);
  expect(report.intact).toBe(true);
  const { messages } = (await server.inject("GET", "/sessions/s/messages")).json();
  expect(messages.at(-1).turn.recalled_messages).toBe(recall?.message_ids.length);
});

test("what a model thought is not counted among the recalled messages", async () => {
  const server = await startTestServer();
  const messages = [
    { id: "name", role: "user", content: "My name is Bob" },
    { type: "reasoning", content: "He says his name." },
    { id: "greeting", role: "assistant", content: "Hello Bob!" },
    ...Array.from({ length: 20 }, () => ({ role: "user", content: FILLER })),
  ];
  await server.inject("POST", "/sessions/import?session_id=s", { messages });
  const { report } = await say(server, "What is my name?");
  expect(partOf(report, "recall")?.message_ids).toEqual(["name", "greeting"]);
  const archive = (await server.inject("GET", "/sessions/s/export")).json();
  await server.inject("POST", "/sessions/import?session_id=copy", archive);
  for (const id of ["s", "copy"]) {
    const { messages } = (await server.inject("GET", `/sessions/${id}/messages`)).json();
    expect(messages.at(-1).turn.recalled_messages).toBe(2);
  }
});

test("the parts of a report are in the order of the payload, and add up to its tokens", async () => {
  const server = await startLongSession();
  const { report } = await say(server, "What is my name?", { system: "Be kind." });
  expect(report.parts.map(({ kind }) => kind)).toEqual(["system", "window", "recall", "message"]);
  const sum = report.parts.reduce((all, { tokens }) => all + tokens, 0);
  expect(sum).toBe(report.tokens.counted);
  expect(sum).toBeLessThanOrEqual(report.budget);
  const ids = report.parts.flatMap(({ message_ids }) => message_ids);
  expect(new Set(ids).size).toBe(ids.length);
  // The 42 that were there and this one.
  expect(ids.length + (report.left_out[0]?.messages ?? 0)).toBe(43);
});

test("a preview recalls what the turn recalls, and changes nothing", async () => {
  const server = await startLongSession();
  const preview = async () =>
    (await server.inject("POST", "/context-preview", { ...asking, message: "What is my name?" })).json();
  const previewed: ContextReport = await preview();
  const { report } = await say(server, "What is my name?");
  expect(previewed.messages.map(({ content }) => content)).toEqual(
    report.messages.map(({ content }) => content),
  );
  expect(previewed.hash).toBe(report.hash);
  const { ms: _, ...recall } = partOf(previewed, "recall") ?? { ms: 0 };
  expect(partOf(report, "recall")).toMatchObject(recall);
  expect(previewed.tokens.counted).toBe(report.tokens.counted);
});

test.each([
  ["the strategy is window", { memory: "window" }],
  ["the turn is stateless", { mode: "stateless" }],
  ["the history fits", { context_tokens: 8192 }],
])("nothing is recalled when %s", async (_, more) => {
  const server = await startLongSession();
  const { text, report } = await say(server, "What is my name?", more);
  expect(partOf(report, "recall")).toBeUndefined();
  expect(text).not.toContain("reminded");
});

test("what was dropped is not recalled, and an earlier report says that it is no longer what was sent", async () => {
  const server = await startLongSession();
  const { turnId } = await say(server, "What is my name?");
  const history = new MessageHistory({ client: server.redis.client, name: server.name });
  await history.drop("s", "name");
  const { report } = (await server.inject("GET", `/sessions/s/turns/${turnId}`)).json();
  expect(report.intact).toBe(false);
  expect(JSON.stringify(report)).not.toContain("My name is Bob");
  const again = await say(server, "And what is my name?");
  expect(partOf(again.report, "recall")).toMatchObject({ message_ids: [], hits: [], tokens: 0 });
});

test.each([
  ["only stop words", "and what is it"],
  ["only emoji", "👋🏽 👨‍👩‍👧‍👦 🎉"],
])(
  "a message of %s is searched for together with the one before it, if that has words",
  async (_, message) => {
    const server = await startLongSession();
    const { report } = await say(server, message);
    expect(partOf(report, "recall")?.failed).toBeUndefined();
  },
);

test("a turn goes on without recall when no message has words", async () => {
  const server = await startTestServer();
  for (let n = 0; n < 12; n++) await say(server, "👋 ".repeat(100));
  const { report } = await say(server, "👋");
  expect(partOf(report, "recall")).toMatchObject({ failed: "no_words", tokens: 0, hits: [], searched: 0 });
});

test("terms that are damaged are computed again", async () => {
  const server = await startLongSession();
  const [words = ""] = (await server.keys()).filter((key) => key.endsWith(":words"));
  await server.command("LSET", words, "0", "\u0000 nonsense");
  expect((await say(server, "What is my name?")).text).toContain("My name is Bob");
});

test("the OpenAI-compatible API recalls too, and can be told not to", async () => {
  const server = await startLongSession({ CONTEXT_MAX_TOKENS: "512" });
  const asked = async (memory?: string) => {
    const body = {
      model: "mirror",
      messages: [{ role: "user", content: "What is my name?" }],
      session_id: "s",
      ...(memory && { memory }),
    };
    const answer = await server.inject("POST", "/v1/chat/completions", body);
    expect(answer.statusCode).toBe(200);
    return String(answer.json().choices[0].message.content);
  };
  expect(await asked("window")).not.toContain("reminded");
  expect(await asked()).toContain('I was reminded that you said: "My name is Bob"');
  const wrong = { model: "mirror", messages: [{ role: "user", content: "Hi" }], memory: "all" };
  expect((await server.inject("POST", "/v1/chat/completions", wrong)).statusCode).toBe(400);
});

test("of a turn that is longer than the room, the best passage is quoted and marked", async () => {
  const server = await startTestServer();
  const fact = "The badger of our neighbours is called Bruno.";
  const messages = [
    { id: "ask", role: "user", content: "Tell me about your holidays" },
    { id: "tell", role: "assistant", content: `${FILLER.repeat(5)}${fact} ${FILLER.repeat(20)}` },
    ...Array.from({ length: 12 }, () => [
      { role: "user", content: FILLER },
      { role: "assistant", content: "How nice." },
    ]).flat(),
  ];
  await server.inject("POST", "/sessions/s/messages", { messages });
  const { report, turnId } = await say(server, "What is the badger of our neighbours called?", {
    context_tokens: 1024,
  });
  const [title, first] = report.messages.at(-1)?.content.split("\n") ?? [];
  expect(title).toBe("Quoted from earlier in this conversation, not all of it:");
  expect(first).toMatch(
    /^> \[[-\d]+ [\d:]+\] Assistant, in part: … .*The badger of our neighbours is called Bruno\./,
  );
  expect(first).toMatch(/ …$/);
  expect(partOf(report, "recall")).toMatchObject({
    message_ids: ["tell"],
    hits: [{ message_ids: ["tell"], cut: true }],
  });
  expect(report.intact).toBe(true);
  // A message that is shorter now is not what was sent.
  const history = new MessageHistory({ client: server.redis.client, name: server.name });
  await history.drop("s", "tell");
  const later = (await server.inject("GET", `/sessions/s/turns/${turnId}`)).json().report;
  expect(later.intact).toBe(false);
  expect(JSON.stringify(later)).not.toContain("Bruno");
});

test("a turn that the request excludes is not recalled", async () => {
  const server = await startLongSession();
  const { text, report } = await say(server, "What is my name?", { not_recalled: ["name", "unknown"] });
  expect(partOf(report, "recall")?.message_ids).not.toContain("name");
  expect(text).not.toContain("Bob");
  const refused = await server.inject("POST", "/chat", { ...asking, message: "Hi", not_recalled: [""] });
  expect(refused.json()).toMatchObject({ status: 400, code: "invalid_request" });
  // For this message alone.
  expect((await say(server, "What is my name?")).text).toContain("Bob");
});

/** Three-letter pieces in the place of a model: texts that share them are similar. */
const trigramEmbedding = () => ({
  id: "trigrams",
  dimensions: 64,
  isReady: true,
  prepare: vi.fn(async () => {}),
  embed: async (texts: readonly string[]) => texts.map((text) => trigrams(text)),
  close: async () => {},
});

test("with an embedding model turns get vectors, and the report says how similar a recalled turn is", async () => {
  const embedding = trigramEmbedding();
  const server = await startTestServer({ embedding });
  const filler = Array.from({ length: 20 }, (_, n) => [
    { role: "user", content: `${n}: ${FILLER}` },
    { role: "assistant", content: "How nice." },
  ]);
  const messages = [
    { id: "name", role: "user", content: "My name is Bob" },
    { id: "greeting", role: "assistant", content: "Hello Bob!" },
    ...filler.flat(),
  ];
  await server.inject("POST", "/sessions/s/messages", { messages });
  const similarityOf = async () => {
    const { report, turnId } = await say(server, "What is my name?");
    const similarity = partOf(report, "recall")?.hits[0]?.similarity;
    // The stored report has it too.
    const { report: stored } = (await server.inject("GET", `/sessions/s/turns/${turnId}`)).json();
    expect(partOf(stored, "recall")?.hits[0]?.similarity).toBe(similarity);
    return similarity;
  };
  await expect.poll(similarityOf).toBeGreaterThan(0.3);
  expect(embedding.prepare).toHaveBeenCalled();
  const { keys } = (await server.inject("GET", "/sessions/s/storage")).json();
  expect(keys.map(({ name }: { name: string }) => name.split(":").at(-1))).toContain("vectors");
});

test("vectors count toward the owner's stored bytes", async () => {
  const env = { AUTH: "keys", LIMIT_STORED_BYTES: "1000000" };
  const server = await startTestServer({ env, embedding: trigramEmbedding() });
  const { key } = await server.apiKeys.create({ owner: "alice" });
  const headers = { authorization: `Bearer ${key}` };
  const counted = async () =>
    Number(await server.command("HGET", `${server.name}:sessions:{alice}:bytes`, "s"));
  const messages = Array.from({ length: 40 }, (_, n) => ({
    role: n % 2 === 0 ? "user" : "assistant",
    content: `Message ${n}`,
  }));
  await server.inject("POST", "/sessions/s/messages", { messages }, headers);
  const before = await counted();
  await expect.poll(async () => (await counted()) - before).toBeGreaterThanOrEqual(20 * 64);
});

test("a session is searched by words while the embedding model is not ready", async () => {
  const embedding = { ...trigramEmbedding(), isReady: false };
  const server = await startTestServer({ embedding });
  await server.inject("POST", "/sessions/s/messages", {
    messages: [
      { id: "name", role: "user", content: "My name is Bob" },
      { id: "greeting", role: "assistant", content: "Hello Bob!" },
      ...Array.from({ length: 20 }, () => [
        { role: "user", content: FILLER },
        { role: "assistant", content: "How nice." },
      ]).flat(),
    ],
  });
  const { report } = await say(server, "What is my name?");
  const [hit] = partOf(report, "recall")?.hits ?? [];
  expect(hit?.message_ids).toEqual(["name", "greeting"]);
  expect(hit?.similarity).toBeUndefined();
});
