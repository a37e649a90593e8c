import { expect, onTestFinished, test } from "vitest";
import { type Connection, connectIoRedis } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { type MemoryOptions, MessageHistory, Notes, OwnerQuota } from "../index.ts";
import { notesKey, parseKey } from "../redis/keys.ts";

let redis: Connection;
let name: string;
useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
});

function start(more: Partial<MemoryOptions> = {}) {
  const options = { client: redis.client, name, owner: "alice", ...more };
  return { name, options, notes: new Notes(options), key: notesKey(name, options.owner) };
}

const texts = async (notes: Notes) => (await notes.list()).map(({ text }) => text);

test("keeps notes with where they come from, oldest first, for their owner alone", async () => {
  const { notes, options } = start();
  expect(await notes.list()).toEqual([]);
  const source = { sessionId: "s", itemId: "m1" };
  const [first] = await notes.put([{ text: "I live in Turin", createdAt: new Date(2000), source }]);
  const [second] = await notes.put([{ text: "My dog is Rex", createdAt: new Date(1000) }]);
  expect(await notes.list()).toEqual([second, first]);
  expect(first).toMatchObject({ text: "I live in Turin", source });
  expect(await new Notes({ ...options, owner: "bob" }).list()).toEqual([]);
  expect(await new Notes({ ...options, owner: "bob" }).remove(first?.id ?? "")).toBe(false);
});

test("replaces the note whose id is given, and removes one once", async () => {
  const { notes } = start();
  const [note] = await notes.put([{ text: "My dog is Rex" }]);
  const id = note?.id ?? "";
  await notes.put([{ id, text: "My dog was Rex" }]);
  expect(await texts(notes)).toEqual(["My dog was Rex"]);
  expect(await notes.remove(id)).toBe(true);
  expect(await notes.remove(id)).toBe(false);
  expect(await notes.list()).toEqual([]);
});

test("writes all or none, and 50 at most", async () => {
  const { notes } = start();
  const some = Array.from({ length: 49 }, (_, n) => ({ id: `n${n}`, text: `Note ${n}` }));
  await notes.put(some);
  await expect(notes.put([{ text: "a" }, { text: "b" }])).rejects.toMatchObject({ code: "too_many" });
  expect(await notes.list()).toHaveLength(49);
  // The same note twice, and two that are there.
  await notes.put([{ id: "x", text: "a" }, { id: "x", text: "b" }, ...some.slice(0, 2)]);
  expect(await notes.list()).toHaveLength(50);
  await expect(notes.put([{ text: "one more" }])).rejects.toMatchObject({ code: "too_many" });
});

test("refuses what is no note before anything is sent", async () => {
  const { notes } = start();
  for (const note of [
    {},
    { text: "" },
    { text: " \n" },
    { text: "a".repeat(201) },
    { text: "\ud800" },
    { text: "a", id: "" },
    { text: "a", createdAt: new Date(Number.NaN) },
    { text: "a", source: { sessionId: "s" } },
    { text: "a", title: "b" },
  ])
    await expect(notes.put([note as never])).rejects.toThrow(TypeError);
  await expect(notes.put([])).rejects.toThrow(TypeError);
  for (const id of [undefined, "", 5]) await expect(notes.remove(id as string)).rejects.toThrow("id must be");
  // 200 characters as people count them.
  await notes.put([{ text: "🎉".repeat(200) }]);
  expect(await notes.list()).toHaveLength(1);
});

test("expires a year after the last use by default, and each use renews that", async () => {
  const { notes, key, options } = start();
  await notes.put([{ text: "a" }]);
  const year = 365 * 86_400;
  expect(Number(await redis.command("TTL", key))).toBeGreaterThan(year - 60);
  await redis.command("EXPIRE", key, "100");
  await notes.list();
  expect(Number(await redis.command("TTL", key))).toBeGreaterThan(year - 60);
  await new Notes({ ...options, ttlSeconds: 60 }).list();
  expect(Number(await redis.command("TTL", key))).toBeLessThanOrEqual(60);
});

test("leaves out a damaged record, and says when the key is no hash", async () => {
  const { notes, key } = start();
  await notes.put([{ text: "a" }]);
  for (const [id, record] of [
    ["b", "nonsense"],
    ["c", '[2,"later version",1]'],
    ["d", "[1,7,1]"],
    ["e", "{}"],
  ] as const)
    await redis.command("HSET", key, id, record);
  expect(await texts(notes)).toEqual(["a"]);
  await redis.command("SET", key, "text");
  await expect(notes.list()).rejects.toMatchObject({ code: "damaged" });
  await redis.command("DEL", key);
});

test("its key names its owner", () => {
  for (const owner of ["alice", "local", "a/{b}%"])
    expect(parseKey("chat", notesKey("chat", owner))).toEqual({ owner, sessionId: null });
});

test("counts towards the owner's bytes, as long as it is there", async () => {
  const { notes, options } = start();
  const quota = new OwnerQuota({ ...options, maxBytes: 500 });
  const [note] = await notes.put([{ text: "a".repeat(200) }]);
  expect(await quota.admit("s", 300)).toMatchObject({ kind: "too_many_bytes" });
  expect(await quota.admit(null, 300)).toMatchObject({ kind: "too_many_bytes" });
  expect(await quota.admit("s", 250)).toEqual({ kind: "admitted" });
  await notes.remove(note?.id ?? "");
  expect(await quota.admit(null, 250)).toEqual({ kind: "admitted" });
  // Asking for room for notes makes no session.
  const history = new MessageHistory(options);
  expect((await history.listSessions({ limit: 10 })).sessions).toEqual([]);
  expect(await quota.admit("s", 250)).toEqual({ kind: "admitted" });
  expect(await quota.admit("s", 1)).toMatchObject({ kind: "too_many_bytes" });
});

test("works with ioredis", async () => {
  const connection = await connectIoRedis();
  onTestFinished(() => connection.close());
  const { notes } = start({ client: connection.client });
  await notes.put([{ text: "Grüße aus 東京" }]);
  expect(await texts(notes)).toEqual(["Grüße aus 東京"]);
});
