import { expect, test } from "vitest";
import type { Connection } from "../test/redis.ts";
import { useRedis } from "../test/use-redis.ts";
import { chatHandler } from "./adapters/ai-sdk/index.ts";
import { RedisMemoryHistory } from "./adapters/langchain/index.ts";
import {
  exportToRedisVl,
  fromAgentMemoryServer,
  fromLangChain,
  fromLangChainRedis,
  fromRedisVl,
  importHistory,
  MessageHistory,
  SessionArchive,
  Turns,
} from "./index.ts";

let history: MessageHistory;
let archive: SessionArchive;
let turns: Turns;
let client: Connection["client"];
useRedis((connection, name) => {
  client = connection.client;
  history = new MessageHistory({ client, name });
  archive = new SessionArchive({ client, name });
  turns = new Turns({ client, name });
});

// Misspelt, as JavaScript and spread objects can have it.
const wrong = { prefx: "x" };
const search = { maxTokens: 1, countTokens: () => 1 };
const turn = {
  ...{ id: "t", status: "completed" as const, userIndex: 0, answerIndex: null, info: null },
  ...{ startedAt: new Date(0), endedAt: new Date(0) },
};
const message = { role: "user" as const, content: "Hi", createdAt: new Date(0) };
const blob = { id: "sha256-x", mediaType: "image/png", data: new Uint8Array() };

const CALLS: Readonly<Record<string, () => unknown>> = {
  chatHandler: () => chatHandler({ turns, history, answer: () => new ReadableStream(), ...wrong }),
  exportToRedisVl: () => exportToRedisVl(history, "s", { client, prefix: "p", ...wrong }),
  fromAgentMemoryServer: () => fromAgentMemoryServer({ client, ...wrong }),
  fromLangChain: () => fromLangChain({ client, ...wrong }),
  fromLangChainRedis: () => fromLangChainRedis({ client, ...wrong }),
  fromRedisVl: () => fromRedisVl({ client, prefix: "p", ...wrong }),
  importHistory: () => importHistory(history, { sessions: async () => [] }, wrong as never),
  "a window of RedisMemoryHistory": () =>
    new RedisMemoryHistory(history, "s", { k: 1, ...wrong }).getMessages(),
  questions: () => history.questions("s", { k: 1, ...wrong }),
  "restore: the session": () => archive.restore("s", { messages: [], ...wrong }),
  "restore: a turn": () => archive.restore("s", { messages: [message], turns: [{ ...turn, ...wrong }] }),
  "restore: a blob": () => archive.restore("s", { messages: [], blobs: [{ ...blob, ...wrong }] }),
  "restore: where it was forked": () =>
    archive.restore("s", { messages: [], forkedFrom: { sessionId: "a", messageId: null, ...wrong } }),
  "searchSessions: a session": () => history.searchSessions([{ sessionId: "s", ...wrong }], "x", search),
  "searchSessions: its options": () =>
    history.searchSessions([{ sessionId: "s" }], "x", { ...search, ...wrong }),
};

test.each(Object.entries(CALLS))("%s: an unknown option is refused", async (_, call) => {
  await expect((async () => call())()).rejects.toThrow(/unknown field "prefx"/);
});

test("what is missing or of another type is named", async () => {
  expect(() => chatHandler({ turns, history } as never)).toThrow("answer");
  expect(() => fromRedisVl({ client } as never)).toThrow("prefix");
  expect(() => fromAgentMemoryServer({ client, prefix: "p" } as never)).toThrow('unknown field "prefix"');
  await expect(exportToRedisVl(history, "s", { client } as never)).rejects.toThrow("prefix");
  await expect(importHistory(history, {} as never)).rejects.toThrow("source");
  await expect(history.searchSessions("s" as never, "x", search)).rejects.toThrow("sessions");
  const ofAll = { ...search, before: "m" };
  await expect(history.searchSessions([{ sessionId: "s" }], "x", ofAll)).rejects.toThrow("before");
  await expect(archive.restore("s", {} as never)).rejects.toThrow("messages must be");
  const metadata = "x".repeat(65_536);
  await expect(archive.restore("s", { messages: [], metadata })).rejects.toThrow("metadata must be");
  const noType = { ...blob, mediaType: undefined as never };
  await expect(archive.restore("s", { messages: [], blobs: [noType] })).rejects.toThrow("mediaType");
});
