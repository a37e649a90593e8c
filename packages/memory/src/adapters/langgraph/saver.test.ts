import type { RunnableConfig } from "@langchain/core/runnables";
import { emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { deltaChannelHistoryTests, validate } from "@langchain/langgraph-checkpoint-validation";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { CLIENTS, type Connection, keysOf, removeKeys, uniqueName } from "../../../test/redis.ts";
import { useRedis } from "../../../test/use-redis.ts";
import { RedisMemorySaver } from "./index.ts";

// The suite of LangGraph takes them from there.
Object.assign(globalThis, { describe, it, test, expect, beforeAll, beforeEach, afterAll, afterEach });

describe.each(Object.entries(CLIENTS))("LangGraph's checkpointer with %s", (client, connect) => {
  let redis: Connection;
  let name: string;
  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
  }, connect);

  describe("LangGraph's own suite", () => {
    const names: string[] = [];
    // Its `beforeAll` comes before the first test of this file has begun.
    let connection: Connection;
    beforeAll(async () => {
      connection = await connect();
    });
    afterAll(async () => {
      for (const one of names) await removeKeys(connection, one);
      await connection.close();
    });
    const initializer = {
      checkpointerName: `RedisMemorySaver with ${client}`,
      createCheckpointer: () => {
        const own = uniqueName();
        names.push(own);
        return new RedisMemorySaver({ client: connection.client, name: own });
      },
    };
    validate(initializer);
    deltaChannelHistoryTests(initializer);
  });

  const checkpoint = (id: string, values: Record<string, unknown>, version = 1) => ({
    ...emptyCheckpoint(),
    id,
    channel_values: values,
    channel_versions: Object.fromEntries(Object.keys(values).map((channel) => [channel, version])),
  });
  const metadata = { source: "loop" as const, step: 0, parents: {} };
  const thread = (thread_id: string) => ({ configurable: { thread_id } });

  test("every key of a thread has the TTL, and a thread is deleted whole", async () => {
    const saver = new RedisMemorySaver({ client: redis.client, name, ttlSeconds: 60 });
    const config = await saver.put(thread("t"), checkpoint(uuid6(0), { a: 1 }), metadata, { a: 1 });
    await saver.putWrites(config, [["a", 2]], "task");
    const keys = await keysOf(redis, name);
    expect(keys).toHaveLength(6);
    for (const key of keys) {
      const ttl = Number(await redis.command("PTTL", key));
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(60_000);
    }
    await saver.deleteThread("t");
    expect(await keysOf(redis, name)).toEqual([]);
  });

  test.each(["mine", "{}"])("the damaged record %s is an error with a code", async (record) => {
    const saver = new RedisMemorySaver({ client: redis.client, name });
    const config = await saver.put(thread("t"), checkpoint(uuid6(0), { a: 1 }), metadata, { a: 1 });
    await saver.putWrites(config, [["a", 2]], "task");
    const damage = async (key: string) => {
      for (const field of (await redis.command("HKEYS", `${name}:{t}:${key}`)) as string[])
        await redis.command("HSET", `${name}:{t}:${key}`, field, record);
    };
    const error = { name: "MemoryError", code: "damaged" };
    await damage("writes");
    await expect(saver.getTuple(config)).rejects.toMatchObject(error);
    await damage("checkpoints");
    await expect(saver.getTuple(config)).rejects.toMatchObject(error);
    await expect(Array.fromAsync(saver.list(thread("t")))).rejects.toMatchObject(error);
  });

  test("stores a value once, however many checkpoints have it", async () => {
    const saver = new RedisMemorySaver({ client: redis.client, name });
    const large = "x".repeat(100_000);
    let config = await saver.put(thread("t"), checkpoint(uuid6(0), { large }), metadata, { large: 1 });
    for (let step = 1; step < 10; step++) {
      config = await saver.put(config, checkpoint(uuid6(step), { large }), metadata, {});
    }
    const values = `${name}:{t}:values`;
    expect(await redis.command("HLEN", values)).toBe(1);
    expect((await saver.getTuple(thread("t")))?.checkpoint.channel_values).toEqual({ large });
  });

  test("two branches of a checkpoint keep their own values", async () => {
    const saver = new RedisMemorySaver({ client: redis.client, name });
    const branch = async (config: RunnableConfig, id: string, from: number | undefined, a: string) => {
      const version = saver.getNextVersion(from);
      const made = await saver.put(config, checkpoint(id, { a }, version), metadata, { a: version });
      return { made, version };
    };
    const parent = await branch(thread("t"), uuid6(0), undefined, "parent");
    const one = await branch(parent.made, uuid6(1), parent.version, "one");
    const other = await branch(parent.made, uuid6(2), parent.version, "other");
    expect(one.version).toBeGreaterThan(parent.version);
    const valueIn = async ({ made }: typeof one) => (await saver.getTuple(made))?.checkpoint.channel_values.a;
    expect([await valueIn(parent), await valueIn(one), await valueIn(other)]).toEqual([
      "parent",
      "one",
      "other",
    ]);
  });

  test("lists more checkpoints than one reply has, and of all threads", async () => {
    const saver = new RedisMemorySaver({ client: redis.client, name });
    const ids = Array.from({ length: 250 }, (_, n) => uuid6(n)).sort();
    for (const id of ids) await saver.put(thread("many"), checkpoint(id, { a: 1 }), metadata, { a: 1 });
    await saver.put(thread("one"), checkpoint(uuid6(0), {}), metadata, {});
    const found = await Array.fromAsync(saver.list(thread("many")));
    expect(found.map(({ checkpoint: { id } }) => id)).toEqual(ids.toReversed());
    expect(await Array.fromAsync(saver.list({}))).toHaveLength(251);
  });

  test("keeps values that are not JSON", async () => {
    const saver = new RedisMemorySaver({ client: redis.client, name });
    const bytes = new Uint8Array(70_000).map((_, n) => n % 256);
    await saver.put(thread("t {é}"), checkpoint(uuid6(0), { bytes, text: "🎉\u0000" }), metadata, {
      bytes: 1,
      text: 1,
    });
    const values = (await saver.getTuple(thread("t {é}")))?.checkpoint.channel_values;
    expect(values).toEqual({ bytes, text: "🎉\u0000" });
  });

  test("says what is wrong with its arguments", async () => {
    expect(() => new RedisMemorySaver({} as never)).toThrow("client is missing");
    expect(() => new RedisMemorySaver({ client: redis.client, ttl: 5 } as never)).toThrow('"ttl"');
    const saver = new RedisMemorySaver({ client: redis.client, name });
    await expect(saver.put({}, checkpoint(uuid6(0), {}), metadata, {})).rejects.toThrow("thread_id");
  });
});
