import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { ownRedis } from "../../test/own-redis.ts";
import {
  fromAgentMemoryServer,
  fromLangChain,
  fromLangChainRedis,
  fromRedisVl,
  importHistory,
  type Message,
  MessageHistory,
} from "../index.ts";
import type { ImportSource } from "./source.ts";

/** What these packages have written into a plain Redis; the documents of the last ones as strings. */
const FOREIGN = JSON.parse(
  readFileSync(new URL("../../test/fixtures/foreign-histories.json", import.meta.url), "utf8"),
) as Record<string, Record<string, { type: string; value: string | string[] | Record<string, string> }>>;

// A source without a prefix reads all of a Redis.
const own = ownRedis();
let history: MessageHistory;

beforeEach(() => {
  history = new MessageHistory({ client: own.redis.client });
});

async function given(writer: string): Promise<void> {
  for (const [key, { type, value }] of Object.entries(FOREIGN[writer] ?? {})) {
    if (type === "hash") await own.redis.command("HSET", key, ...Object.entries(value).flat());
    else if (type === "list") await own.redis.command("RPUSH", key, ...(value as string[]));
    else await own.redis.command("SET", key, String(value));
  }
}

const all = (session: string): Promise<Message[]> => Array.fromAsync(history.messages(session));
const spoken = (messages: readonly Message[]) => messages.map(({ role, content }) => `${role}: ${content}`);

const WEATHER = [
  "system: You are helpful",
  "user: Hi 🎉",
  "assistant: ",
  "tool: sunny",
  "assistant: It is ",
  "assistant: sunny",
  "user: as a critic",
  "user: bye",
];

test("from RedisVL: order, ids, times, roles, tool calls and metadata", async () => {
  await given("redisvl 0.28.0");
  const done = await importHistory(history, fromRedisVl({ client: own.redis.client, prefix: "my_history" }));
  expect(done).toEqual({
    sessions: 2,
    ofSessions: 2,
    added: 8,
    existing: 0,
    damaged: 0,
    refusedSessions: [],
  });
  const messages = await all("session|1");
  expect(spoken(messages)).toEqual([
    "user: What is the capital of France?",
    "assistant: Paris. 🎉",
    "system: Be brief: {a,b}",
    "user: calc",
    "tool: 42",
    "assistant: It is 42",
  ]);
  expect(messages[0]).toMatchObject({
    id: "session|1:1795454301.2579288:9c874260",
    createdAt: new Date(1795454301258),
  });
  expect(messages[3]).toMatchObject({ metadata: { lang: "fr", n: [1, null] } });
  expect(messages[4]).toMatchObject({ toolCallId: "call_1" });
  expect(spoken(await all("session 2"))).toEqual(["user: other", "assistant: session"]);
});

test.each(["@langchain/redis 1.1.2", "@langchain/community 1.1.29"])(
  "from LangChain JS: %s",
  async (writer) => {
    await given(writer);
    // What else lies in that Redis is passed over, our own lists too.
    await own.redis.command("RPUSH", "jobs", "1", "2");
    await own.redis.command("SET", "setting", "x");
    await history.store("mine", "a", "b");
    const done = await importHistory(history, fromLangChain({ client: own.redis.client }));
    expect(done).toMatchObject({ sessions: 1, added: 8, damaged: 0 });
    const messages = await all("session:1");
    expect(spoken(messages)).toEqual(WEATHER);
    expect(messages.map(({ id }) => id).slice(0, 3)).toEqual(["langchain-0", "langchain-1", "run-1"]);
    expect(messages[2]).toMatchObject({
      toolCalls: [{ id: "call_1", name: "search", arguments: '{"q":"weather"}' }],
      metadata: { langchain: { usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } } },
    });
    expect(messages[3]).toMatchObject({ toolCallId: "call_1" });
    expect(messages[5]?.metadata).toEqual({
      langchain: {
        content: [
          { type: "text", text: "sun" },
          { type: "text", text: "ny" },
        ],
      },
    });
    expect(messages[6]?.metadata).toEqual({ langchain: { role: "critic" } });
    expect(messages[7]?.metadata).toEqual({ langchain: { name: "Bob" } });
    expect(messages[1]).not.toHaveProperty("metadata");
  },
);

test("from LangChain JS: the older form of a record", async () => {
  await own.redis.command(
    "RPUSH",
    "old",
    '{"type":"ai","text":"Hello"}',
    '{"type":"human","role":"","text":"Hi"}',
  );
  await importHistory(history, fromLangChain({ client: own.redis.client }));
  expect(spoken(await all("old"))).toEqual(["user: Hi", "assistant: Hello"]);
});

test("from LangChain JS: calls as OpenAI's API had them", async () => {
  const call = { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
  const data = { content: "", additional_kwargs: { tool_calls: [call] } };
  await own.redis.command("RPUSH", "old", JSON.stringify({ type: "ai", data }));
  await importHistory(history, fromLangChain({ client: own.redis.client }));
  expect(await all("old")).toMatchObject([{ toolCalls: [{ id: "c1", name: "f", arguments: '{"a":1}' }] }]);
});

test("from LangChain Python, langchain-community", async () => {
  await given("langchain-community 0.4.2");
  const source = fromLangChain({ client: own.redis.client, prefix: "message_store:" });
  expect(await importHistory(history, source)).toMatchObject({ sessions: 1, added: 8, damaged: 0 });
  expect(spoken(await all("session:1"))).toEqual(WEATHER);
});

test("from LangChain Python, langchain-redis: with ids and times", async () => {
  await given("langchain-redis 0.2.6");
  const done = await importHistory(history, fromLangChainRedis({ client: own.redis.client }));
  expect(done).toMatchObject({ sessions: 1, added: 8, damaged: 0 });
  const messages = await all("session:1");
  expect(spoken(messages)).toEqual(WEATHER);
  expect(messages[1]).toMatchObject({
    id: "01M84PMZY9YHS1VDW1C1ZHZQWF",
    createdAt: new Date(1795454304202),
  });
});

test("from agent-memory-server: sessions of one name of two users stay apart", async () => {
  await given("agent-memory-server");
  const done = await importHistory(history, fromAgentMemoryServer({ client: own.redis.client }));
  expect(done).toMatchObject({ sessions: 2, added: 4, damaged: 0 });
  const messages = await all("app:alice:session-1");
  expect(spoken(messages)).toEqual(["user: Hi 🎉", "assistant: Hello Alice", "user: She waves"]);
  expect(messages[0]).toMatchObject({
    id: "01M84PMZY9YHS1VDW1C1ZHZQW1",
    createdAt: new Date("2026-11-23T17:18:24.201Z"),
  });
  expect(messages[2]?.metadata).toEqual({ agentMemoryServer: { role: "narrator" } });
  expect(spoken(await all("session-1"))).toEqual(["user: someone else"]);
});

describe("importing again", () => {
  const source = (): ImportSource => fromRedisVl({ client: own.redis.client, prefix: "my_history" });

  test("adds nothing twice, and what is new behind it", async () => {
    await given("redisvl 0.28.0");
    await importHistory(history, source());
    await own.redis.command(
      "HSET",
      "my_history:session|1:1895454301.5:0",
      ...["entry_id", "new", "role", "user", "content", "later", "session_tag", "session|1"],
      ...["timestamp", "1895454301.5"],
    );
    expect(await importHistory(history, source())).toMatchObject({ added: 1, existing: 8 });
    expect(spoken(await all("session|1")).at(-1)).toBe("user: later");
    expect(await history.count("session|1")).toBe(7);
  });

  test("continues where it was interrupted, at any batch", async () => {
    const lines = Array.from({ length: 1300 }, (_, n) =>
      JSON.stringify({ type: "human", data: { content: `m${n}` } }),
    );
    for (const line of lines) await own.redis.command("LPUSH", "long", line);
    const long = () => fromLangChain({ client: own.redis.client });
    for (const batches of [1, 2]) {
      const controller = new AbortController();
      let seen = 0;
      const onProgress = () => {
        seen++;
        if (seen === batches) controller.abort(new Error("stopped"));
      };
      const work = importHistory(history, long(), { onProgress, signal: controller.signal });
      await expect(work).rejects.toThrow("stopped");
    }
    expect(await history.count("long")).toBe(1000);
    expect(await importHistory(history, long())).toMatchObject({ added: 300, existing: 1000 });
    expect((await all("long")).map(({ content }) => content)).toEqual(lines.map((_, n) => `m${n}`));
  });

  test("does nothing where it was stopped before it began", async () => {
    await given("redisvl 0.28.0");
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(importHistory(history, source(), { signal })).rejects.toThrow("stopped");
    expect(await history.count("session|1")).toBe(0);
  });

  test("takes an id that an item without a role has for one that exists", async () => {
    const message = (id: string) => ({ id, role: "user" as const, content: "Hi" });
    const messages = async function* () {
      yield* [message("a"), message("b")];
    };
    await history.addMessage("s", { type: "reasoning", content: "Hm", id: "a" });
    const done = await importHistory(history, { sessions: async () => [{ id: "s", messages }] });
    expect(done).toMatchObject({ added: 1, existing: 1 });
  });

  test("two at a time add each message once", async () => {
    await given("redisvl 0.28.0");
    const done = await Promise.all([1, 2, 3].map(() => importHistory(history, source())));
    expect(done.reduce((sum, { added }) => sum + added, 0)).toBe(8);
    expect(await history.count("session|1")).toBe(6);
  });
});

test("damaged records and impossible sessions are left out and counted, halves of characters mended", async () => {
  const hash = (key: string, fields: Record<string, string>) =>
    own.redis.command("HSET", `h:${key}`, ...Object.entries(fields).flat());
  const whole = { role: "user", content: "fine", session_tag: "s", timestamp: "1" };
  await hash("1", { ...whole, entry_id: "x".repeat(200), metadata: '{"a":"\\ud800"}' });
  await hash("2", { role: "user", session_tag: "s", timestamp: "2" });
  await hash("3", { ...whole, role: "critic" });
  await hash("4", { ...whole, session_tag: "not\na session" });
  await hash("5", { content: "of no session" });
  const source = fromRedisVl({ client: own.redis.client, prefix: "h:" });
  expect(await importHistory(history, source)).toMatchObject({
    added: 1,
    damaged: 2,
    refusedSessions: ["not\na session"],
  });
  const [message] = await all("s");
  expect(message).toMatchObject({ content: "fine", metadata: { a: "\ufffd" } });
  expect(message?.id).toMatch(/^sha256-/);
  expect(await importHistory(history, source)).toMatchObject({ added: 0, existing: 1 });
});

test.each([undefined, null, "redis://localhost", Promise.resolve()])("refuses the client %s", (client) => {
  expect(() => fromLangChain({ client: client as never })).toThrow("client must be a connected client");
});

test("a TTL can be given to what is imported", async () => {
  await given("redisvl 0.28.0");
  const source = fromRedisVl({ client: own.redis.client, prefix: "my_history" });
  await importHistory(history, source, { ttlSeconds: 86_400 });
  expect(await history.info("session 2")).toMatchObject({ ttlSeconds: 86_400 });
});
