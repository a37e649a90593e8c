import { InMemoryStore } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { CLIENTS, type Connection, keysOf } from "../../../test/redis.ts";
import { useRedis } from "../../../test/use-redis.ts";
import { RedisMemoryStore } from "./index.ts";

describe.each(Object.entries(CLIENTS))("LangGraph's store with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let store: RedisMemoryStore;
  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    store = new RedisMemoryStore({ client: redis.client, name });
  }, connect);
  const keys = (items: readonly { key: string }[]) => items.map(({ key }) => key);

  test("gets what was put, with its times, until it is deleted", async () => {
    await store.put(["users", "bob"], "profile", { likes: "tea", nested: { a: [1, null] } });
    const item = await store.get(["users", "bob"], "profile");
    expect(item).toMatchObject({
      namespace: ["users", "bob"],
      key: "profile",
      value: { likes: "tea", nested: { a: [1, null] } },
    });
    expect(item?.createdAt).toEqual(item?.updatedAt);
    await store.put(["users", "bob"], "profile", { likes: "coffee" });
    const changed = await store.get(["users", "bob"], "profile");
    expect(changed?.value).toEqual({ likes: "coffee" });
    expect(changed?.createdAt).toEqual(item?.createdAt);
    await store.delete(["users", "bob"], "profile");
    expect(await store.get(["users", "bob"], "profile")).toBeNull();
    expect(await store.listNamespaces()).toEqual([]);
  });

  test.each(["mine", "{}"])("the damaged record %s is an error with a code", async (record) => {
    await store.put(["users"], "bob", { likes: "tea" });
    await redis.command("HSET", `${name}:{store}:items`, "users\u001Fbob", record);
    const error = { name: "MemoryError", code: "damaged" };
    await expect(store.get(["users"], "bob")).rejects.toMatchObject(error);
    await expect(store.search(["users"])).rejects.toMatchObject(error);
  });

  test("answers as LangGraph's InMemoryStore does", async () => {
    const reference = new InMemoryStore();
    const items: [string[], string, Record<string, unknown>][] = [
      [["docs"], "a", { type: "report", n: 1 }],
      [["docs", "2024"], "b", { type: "report", n: 2, tags: ["x"] }],
      [["docs", "2024"], "c", { type: "note", n: 3 }],
      [["docs2"], "d", { type: "report", n: 4 }],
      [["users", "bob", "docs"], "e", { n: 5, type: null }],
    ];
    for (const one of [store, reference]) for (const item of items) await one.put(...item);
    const filters = [
      undefined,
      { type: "report" },
      { n: { $gt: 1, $lte: 4 } },
      { n: { $ne: 3 } },
      { type: { $eq: "note" } },
      { n: { $gte: 9 } },
      { n: { $lt: 2 }, type: "report" },
    ];
    for (const prefix of [[], ["docs"], ["docs", "2024"], ["users"], ["none"]]) {
      for (const filter of filters) {
        const options = { ...(filter && { filter }), limit: 100 };
        const [ours, theirs] = [await store.search(prefix, options), await reference.search(prefix, options)];
        expect(keys(ours).sort()).toEqual(keys(theirs).sort());
      }
    }
    const lists = [
      {},
      { prefix: ["docs"] },
      { suffix: ["docs"] },
      { prefix: ["*", "2024"] },
      { maxDepth: 1 },
      { prefix: ["users"], maxDepth: 2 },
      { limit: 2, offset: 1 },
    ];
    for (const options of lists) {
      expect(await store.listNamespaces(options)).toEqual(await reference.listNamespaces(options));
    }
  });

  test("a batch reads first, and puts all of it or nothing", async () => {
    await store.put(["n"], "a", { v: 1 });
    const results = await store.batch([
      { namespace: ["n"], key: "a", value: { v: 2 } },
      { namespace: ["n"], key: "a" },
      { namespacePrefix: ["n"] },
      { namespace: ["n"], key: "b", value: { v: 3 } },
      { namespace: ["n"], key: "b", value: null },
      { limit: 10, offset: 0 },
    ]);
    expect(results[1]).toMatchObject({ value: { v: 1 } });
    expect(results[2]).toHaveLength(1);
    expect(results[5]).toEqual([["n"]]);
    expect(keys(await store.search(["n"]))).toEqual(["a"]);
    expect((await store.get(["n"], "a"))?.value).toEqual({ v: 2 });
  });

  test("searches more than one reply has, page by page", async () => {
    const puts = Array.from({ length: 1200 }, (_, n) => ({
      namespace: ["n"],
      key: String(n).padStart(4, "0"),
      value: { even: n % 2 === 0, text: "x".repeat(2000) },
    }));
    await store.batch(puts);
    const page = await store.search(["n"], { filter: { even: true }, limit: 20, offset: 500 });
    expect(keys(page)).toEqual(Array.from({ length: 20 }, (_, n) => String(1000 + n * 2)));
    expect(await store.search(["n"], { limit: 5000 })).toHaveLength(1200);
  });

  test("an item expires by itself", async () => {
    await store.put(["n"], "old", { v: 1 });
    await store.put(["n", "m"], "new", { v: 2 });
    for (const key of await keysOf(redis, name)) {
      expect(Number(await redis.command("PTTL", key))).toBeGreaterThan(86_400_000);
    }
    await redis.command("ZADD", `${name}:{store}:expires`, "1", "n\u001Fold");
    expect(await store.get(["n"], "old")).toBeNull();
    expect(keys(await store.search(["n"]))).toEqual(["new"]);
    expect(await store.listNamespaces()).toEqual([["n", "m"]]);
    expect(await redis.command("HLEN", `${name}:{store}:items`)).toBe(1);
  });

  test("says what it does not do", async () => {
    await expect(store.search(["n"], { query: "tea" })).rejects.toThrow("no vector index");
    await expect(store.search(["n"], { filter: { a: { $near: 1 } } })).resolves.toEqual([]);
    await store.put(["n"], "a", { a: 1 });
    await expect(store.search(["n"], { filter: { a: { $near: 1 } } })).rejects.toThrow("$near");
    await expect(store.batch([{ namespace: ["a\u001Fb"], key: "k" }])).rejects.toThrow("no label");
  });
});
