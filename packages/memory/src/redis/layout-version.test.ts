import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connection, connectNodeRedis, testRedisUrl } from "../../test/redis.ts";
import { MessageHistory, SessionArchive, Turns } from "../index.ts";
import { sessionKeys } from "./keys.ts";

/**
 * A session as layout version 1 has it in Redis, to the letter. It stays as it is here when there is a version 2: what
 * was written by a server of today has to be read by every later one.
 */
const VERSION_1 = {
  messages: [
    '[1,"user",1732264800000,"My name is Bob",{"turn":"t1"}]',
    '[1,"assistant",1732264801000,"Hello Bob",{"turn":"t1"}]',
    "0",
    '[1,"assistant",1732264802000,"",{"id":"given","calls":[{"id":"c","name":"now","arguments":"{}"}],"metadata":{"a":1}}]',
    '[1,"tool",1732264803000,"12:00",{"callId":"c"}]',
  ],
  meta: {
    ...{ v: "1", epoch: "3f9a0c71", created: "1732264800000", updated: "1732264803000", title: "Bob" },
    ...{ dropped: "1", "id:given": "3", ttl: "7200000" },
  },
  turns: { t1: '[1,"completed",0,1,1732264800000,1732264801000,{"provider":"mirror"}]' },
  idempotency: { key: "hash:t1" },
};

const name = `test:layout:${Date.now().toString(36)}`;
let redis: Connection;

beforeAll(async () => {
  redis = await connectNodeRedis(testRedisUrl());
});
afterAll(async () => {
  const keys = (await redis.command("KEYS", `${name}:*`)) as string[];
  if (keys.length > 0) await redis.command("DEL", ...keys);
  await redis.close();
});

async function write(id: string, version = "1") {
  const keys = sessionKeys(name, "local", id);
  const hash = (fields: Record<string, string>) => Object.entries(fields).flat();
  await redis.command("RPUSH", keys.messages, ...VERSION_1.messages);
  await redis.command("HSET", keys.meta, ...hash({ ...VERSION_1.meta, v: version }));
  await redis.command("HSET", keys.turns, ...hash(VERSION_1.turns));
  await redis.command("HSET", keys.idempotency, ...hash(VERSION_1.idempotency));
  for (const key of keys.all) await redis.command("PEXPIRE", key, "600000");
  return keys.all;
}

const library = () => {
  const options = { client: redis.client, subscriber: redis.subscriber, name };
  return {
    history: new MessageHistory(options),
    turns: new Turns(options),
    archive: new SessionArchive(options),
  };
};

test("a session of version 1 is read, and goes on", async () => {
  await write("former");
  const { history, turns } = library();
  const messages = await Array.fromAsync(history.messages("former"));
  expect(messages.map(({ id, role, content }) => [id, role, content])).toEqual([
    ["3f9a0c71-0", "user", "My name is Bob"],
    ["3f9a0c71-1", "assistant", "Hello Bob"],
    ["given", "assistant", ""],
    ["3f9a0c71-4", "tool", "12:00"],
  ]);
  expect(messages[0]).toMatchObject({ turnId: "t1", createdAt: new Date(1732264800000) });
  expect(messages[2]).toMatchObject({
    toolCalls: [{ id: "c", name: "now", arguments: "{}" }],
    metadata: { a: 1 },
  });
  expect(messages[3]).toMatchObject({ toolCallId: "c" });
  expect(await turns.get("former", "t1")).toMatchObject({
    text: "Hello Bob",
    record: { status: "completed", info: { provider: "mirror" } },
  });
  const again = { content: "My name is Bob", idempotency: { key: "key", requestHash: "hash" } };
  expect(await turns.begin("former", again)).toEqual({ kind: "replay", turnId: "t1" });

  const begun = await turns.begin("former", {
    content: "Who am I?",
    history: { maxBytes: 10_000, window: "w" },
  });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  expect(begun.messages.map(({ message }) => message.content)).toEqual([
    "My name is Bob",
    "Hello Bob",
    "",
    "12:00",
    "Who am I?",
  ]);
  begun.writer.write("Bob");
  await begun.writer.end("completed");
  expect(await history.count("former")).toBe(6);
  expect(await history.ttl("former")).toBe(7200);
});

test("a session of a newer version is refused whatever is asked of it, and left as it is", async () => {
  const keys = await write("newer", "3");
  const state = async () =>
    JSON.stringify([
      await redis.command("LRANGE", keys[0] ?? "", "0", "-1"),
      ...(await Promise.all(keys.slice(1, 4).map((key) => redis.command("HGETALL", key)))),
      await redis.command("GET", keys[4] ?? ""),
      (await Promise.all(keys.map((key) => redis.command("PTTL", key)))).map((ttl) => Number(ttl) > 600_000),
    ]);
  const before = await state();
  const { history, turns, archive } = library();
  const message = { role: "user", content: "Hi" } as const;
  const everything: Record<string, () => Promise<unknown>> = {
    add: () => history.addMessage("newer", message),
    recent: () => history.getRecent("newer"),
    all: () => Array.fromAsync(history.messages("newer")),
    count: () => history.count("newer"),
    drop: () => history.drop("newer"),
    ttl: () => history.ttl("newer"),
    expire: () => history.expire("newer", 5),
    clear: () => history.clear("newer"),
    begin: () => turns.begin("newer", { content: "Hi" }),
    get: () => turns.get("newer", "t1"),
    follow: () => turns.follow("newer", "t1"),
    cancel: () => turns.cancel("newer", "t1"),
    peek: () => turns.peek("newer", { history: { maxBytes: 1, window: "w" } }),
    records: () => turns.records("newer", ["t1"]),
    read: () => archive.read("newer"),
    fork: () => archive.fork("newer", "copy"),
    restore: () => archive.restore("newer", { messages: [] }),
  };
  for (const [what, work] of Object.entries(everything)) {
    await expect(work(), what).rejects.toMatchObject({ name: "MemoryError", code: "newer_layout" });
  }
  expect(await state()).toBe(before);
});

test("records of a newer version in a session of this one are skipped, and told of", async () => {
  const [messages = "", , turnsKey = ""] = await write("mixed");
  await redis.command("RPUSH", messages, '[3,{"role":"user"}]');
  await redis.command("HSET", turnsKey, "t2", '[3,{"status":"completed"}]');
  const indexes: number[] = [];
  const history = new MessageHistory({
    client: redis.client,
    name,
    onDamaged: ({ index }) => indexes.push(index),
  });
  expect(await Array.fromAsync(history.messages("mixed"))).toHaveLength(4);
  expect(indexes).toEqual([5]);
  expect(await library().turns.records("mixed", ["t1", "t2"])).toMatchObject([
    { status: "completed" },
    undefined,
  ]);
  await history.addMessage("mixed", { role: "user", content: "on" });
  expect(await redis.command("LINDEX", messages, "5")).toBe('[3,{"role":"user"}]');
});
