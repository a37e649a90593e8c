import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connection, connectNodeRedis, testRedisUrl } from "../../test/redis.ts";
import { MessageHistory, SessionArchive, SessionBlobs, Turns } from "../index.ts";
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

/** A session as layout version 2 has it: reasoning, a call, parts, and a turn of several items. */
const VERSION_2 = {
  messages: [
    '[1,"user",1732264800000,"What time is it?",{"turn":"t1"}]',
    '[2,"reasoning",1732264801000,"I need a clock.",{"turn":"t1","id":"rs_1","parts":{"encrypted_content":"x"}}]',
    '[2,"function_call",1732264801000,"{}",{"turn":"t1","calls":[{"id":"call_1","name":"now"}]}]',
    '[2,"function_call_output",1732264802000,"12:00",{"callId":"call_1","turn":"t2"}]',
    '[2,"user",1732264802000,"Look at this picture",{"turn":"t2","parts":[{"type":"input_text","text":""}],"refs":[1,0,20]}]',
    '[2,"assistant",1732264803000,"Noon",{"id":null,"turn":"t2"}]',
  ],
  meta: {
    ...{ v: "2", epoch: "3f9a0c71", created: "1732264800000", updated: "1732264803000" },
    ...{ "id:rs_1": "1", metadata: '3:{"topic":"time"}' },
  },
  turns: {
    t1: '[2,"completed",0,1,1732264800000,1732264801000,1,2,{"provider":"mirror"}]',
    t2: '[2,"failed",4,5,1732264802000,1732264803000,2,1,null,[[2,"reasoning",5,"Hm"]]]',
  },
  idempotency: {},
  blobs: {
    "": "2",
    "sha256-NjnvzQirsnOxYZ6C54wpp98CwQUbGCDpn8OV3KozJrg":
      '{"id":"sha256-NjnvzQirsnOxYZ6C54wpp98CwQUbGCDpn8OV3KozJrg","mediaType":"text/plain","bytes":2,"pieces":1}',
    "sha256-NjnvzQirsnOxYZ6C54wpp98CwQUbGCDpn8OV3KozJrg:0": "SGk=",
  },
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

interface Layout {
  readonly messages: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly turns: Readonly<Record<string, string>>;
  readonly idempotency: Readonly<Record<string, string>>;
  readonly blobs?: Readonly<Record<string, string>>;
}

async function write(id: string, version = "1", layout: Layout = VERSION_1) {
  const keys = sessionKeys(name, "local", id);
  await redis.command("RPUSH", keys.messages, ...layout.messages);
  const hashes = {
    [keys.meta]: { ...layout.meta, v: version },
    [keys.turns]: layout.turns,
    [keys.idempotency]: layout.idempotency,
    [keys.blobs]: layout.blobs ?? {},
  };
  for (const [key, fields] of Object.entries(hashes)) {
    for (const field of Object.entries(fields)) await redis.command("HSET", key, ...field);
  }
  for (const key of keys.all) await redis.command("PEXPIRE", key, "600000");
  return keys.all;
}

const library = () => {
  const options = { client: redis.client, subscriber: redis.subscriber, name };
  return {
    history: new MessageHistory(options),
    turns: new Turns(options),
    archive: new SessionArchive(options),
    blobs: new SessionBlobs(options),
  };
};

test("a session of version 1 is read and continued", async () => {
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

test("a session of version 2 is read and continued", async () => {
  await write("second", "2", VERSION_2);
  const { history, turns, archive, blobs } = library();
  const items = await Array.fromAsync(history.items("second"));
  expect(items.map(({ id, role, type, content }) => [id, role ?? type, content])).toEqual([
    ["3f9a0c71-0", "user", "What time is it?"],
    ["rs_1", "reasoning", "I need a clock."],
    ["3f9a0c71-2", "function_call", "{}"],
    ["3f9a0c71-3", "function_call_output", "12:00"],
    ["3f9a0c71-4", "user", "Look at this picture"],
    ["3f9a0c71-5", "assistant", "Noon"],
  ]);
  expect(items[1]).toMatchObject({ parts: { encrypted_content: "x" } });
  expect(items[2]).toMatchObject({ toolCalls: [{ id: "call_1", name: "now", arguments: "{}" }] });
  expect(items[3]).toMatchObject({ toolCallId: "call_1" });
  expect(items[4]).toMatchObject({ parts: [{ type: "input_text", text: "Look at this picture" }] });
  expect(await history.info("second")).toMatchObject({ metadata: { topic: "time" }, metadataVersion: 3 });
  expect(await turns.get("second", "t1")).toMatchObject({
    items: [{ type: "reasoning" }, { type: "function_call" }],
    record: { userIndex: 0, inputCount: 1, answerIndex: 1, outputCount: 2 },
  });
  const { turns: ended } = await archive.read("second");
  expect((await Array.fromAsync(ended())).flat()[1]).toMatchObject({
    inputCount: 2,
    replacedItems: [{ type: "reasoning", content: "Hm" }],
  });
  const blob = await blobs.get("second", "sha256-NjnvzQirsnOxYZ6C54wpp98CwQUbGCDpn8OV3KozJrg");
  expect(String(Buffer.concat(await Array.fromAsync(blob?.data() ?? [])))).toBe("Hi");
  const ran = await turns.run("second", { content: "And now?" }, async (writer) => writer.write("One."));
  expect(ran).toMatchObject({ kind: "ended", outcome: { count: 8 } });
});

test("every operation on a session of a newer version is refused and changes nothing", async () => {
  const keys = await write("newer", "3");
  const state = async () =>
    JSON.stringify([
      await redis.command("LRANGE", keys[0] ?? "", "0", "-1"),
      ...(await Promise.all(keys.slice(1, 4).map((key) => redis.command("HGETALL", key)))),
      await redis.command("GET", keys[4] ?? ""),
      (await Promise.all(keys.map((key) => redis.command("PTTL", key)))).map((ttl) => Number(ttl) > 600_000),
    ]);
  const before = await state();
  const { history, turns, archive, blobs } = library();
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
    update: () => history.updateMessage("newer", "given", {}),
    truncate: () => history.truncate("newer", { from: "given" }),
    replace: () => history.replaceFrom("newer", "given", []),
    pop: () => history.pop("newer"),
    item: () => history.getItem("newer", "given"),
    metadata: () => history.setMetadata("newer", null),
    put: () => blobs.put("newer", new Uint8Array(1), { mediaType: "text/plain" }),
    list: () => blobs.list("newer"),
  };
  for (const [what, work] of Object.entries(everything)) {
    await expect(work(), what).rejects.toMatchObject({ name: "MemoryError", code: "newer_layout" });
  }
  expect(await state()).toBe(before);
});

test("records of a newer version in a session of this version are skipped and reported", async () => {
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
