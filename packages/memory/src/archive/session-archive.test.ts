import { describe, expect, test } from "vitest";
import { CLIENTS, type Connection, connectNodeRedis, keysOf } from "../../test/redis.ts";
import { serverBinary, startServer } from "../../test/servers.ts";
import { useRedis } from "../../test/use-redis.ts";
import {
  type ImportedTurn,
  type Message,
  MessageHistory,
  type NewMessage,
  type RedisClient,
  SessionArchive,
  type SessionImportMessage,
  Turns,
} from "../index.ts";

const user = (content: string): NewMessage => ({ role: "user", content });
type RestoredMessage = Extract<SessionImportMessage, NewMessage>;
const restored = (content: string, more: Partial<RestoredMessage> = {}): RestoredMessage => ({
  role: "user",
  content,
  createdAt: new Date("2020-02-02T02:02:02.002Z"),
  ...more,
});

/** A client whose scripts are sent in another way. */
function intercept(client: RedisClient, send: (sendOnce: () => Promise<unknown>) => unknown): RedisClient {
  return new Proxy(client, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      const isScript = /^evalsha$/i.test(String(property));
      return (...args: unknown[]) =>
        isScript ? send(() => value.apply(target, args)) : value.apply(target, args);
    },
  });
}

describe.each(Object.entries(CLIENTS))("SessionArchive with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let history: MessageHistory;
  let turns: Turns;
  let archive: SessionArchive;

  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    const { client } = redis;
    history = new MessageHistory({ client, name });
    turns = new Turns({ client, name });
    archive = new SessionArchive({ client, name });
  }, connect);

  const begin = async (content: string, retryOf?: string) => {
    const begun = await turns.begin("s", retryOf === undefined ? { content } : { retryOf });
    if (begun.kind !== "begun") throw new Error(`not begun but ${begun.kind}`);
    return begun.writer;
  };
  const say = async (content: string, answer: string, status: "completed" | "failed" = "completed") => {
    const writer = await begin(content);
    writer.write(answer);
    await writer.end(status, { info: { about: content } });
    return writer.id;
  };
  const contents = async (id: string) =>
    (await Array.fromAsync(history.messages(id))).map(({ content }) => content);
  const indexes = async (id: string): Promise<(Message | null)[]> =>
    (await Array.fromAsync((await archive.read(id)).messages())).flat();
  const turnsOf = async (id: string): Promise<ImportedTurn[]> =>
    (await Array.fromAsync((await archive.read(id)).turns())).flat();
  const copies = async () => (await keysOf(redis, name)).filter((key) => /:(messages|meta|turns):/.test(key));

  describe("a fork", () => {
    test("has the messages and the turns of its parent, and lives by itself", async () => {
      const turnId = await say("My name is Bob", "Hello Bob");
      await history.rename("s", "Names");
      await history.expire("s", 7200);
      await archive.fork("s", "f");
      expect(await contents("f")).toEqual(["My name is Bob", "Hello Bob"]);
      expect(await turns.get("f", turnId)).toMatchObject({
        text: "Hello Bob",
        record: { status: "completed", userIndex: 0, answerIndex: 1, info: { about: "My name is Bob" } },
      });
      expect(await history.info("f")).toMatchObject({
        title: "Names",
        count: 2,
        ttlSeconds: 7200,
        runningTurnId: null,
        rootId: "s",
        forkedFrom: { sessionId: "s", messageId: null },
      });
      expect(await history.info("s")).toMatchObject({ rootId: null, forkedFrom: null });
      await history.addMessage("f", user("only here"));
      await history.clear("s");
      expect(await contents("f")).toEqual(["My name is Bob", "Hello Bob", "only here"]);
      expect((await history.listSessions()).sessions.map(({ id }) => id)).toEqual(["f"]);
    });

    test("ends before a message, by the id that it was given or by its index", async () => {
      await history.addMessages("s", [user("a"), { ...user("b"), id: "mine" }, user("c")]);
      const third = (await history.getRecent("s", { k: 1 }))[0]?.id ?? "";
      await archive.fork("s", "at-mine", { before: "mine" });
      await archive.fork("s", "at-third", { before: third });
      expect(await contents("at-mine")).toEqual(["a"]);
      expect(await contents("at-third")).toEqual(["a", "b"]);
      expect(await history.info("at-third")).toMatchObject({
        forkedFrom: { sessionId: "s", messageId: third },
      });
    });

    test("before the first message is empty, and goes on", async () => {
      const [first] = await history.store("s", "a", "b");
      await archive.fork("s", "f", { before: first?.id ?? "" });
      expect(await history.info("f")).toMatchObject({ count: 0, forkedFrom: { sessionId: "s" } });
      await history.addMessage("f", user("A"));
      expect(await contents("f")).toEqual(["A"]);
    });

    test("keeps the id of an item that was replaced by one with its id, and it is found", async () => {
      const [, id = ""] = (await history.addMessages("s", [user("a"), user("b")])).map((added) => added.id);
      await history.replaceFrom("s", id, [{ ...user("B"), id }]);
      await archive.fork("s", "f");
      expect((await history.getRecent("f", { before: id })).map(({ content }) => content)).toEqual(["a"]);
      expect(await history.getItem("f", id)).toMatchObject({ id, content: "B" });
      expect(await history.drop("f", id)).toBe(true);
      expect(await history.getItem("f", id)).toBeNull();
    });

    test("keeps ids that were given, and they are found; the others are its own", async () => {
      await history.addMessages("s", [user("a"), { ...user("b"), id: "mine" }]);
      await archive.fork("s", "f");
      const [a, b] = await history.getRecent("f");
      expect(b?.id).toBe("mine");
      expect(a?.id).not.toBe((await history.getRecent("s"))[0]?.id);
      await expect(history.addMessage("f", { ...user("c"), id: "mine" })).rejects.toMatchObject({
        code: "duplicate_id",
      });
      expect(await history.drop("f", "mine")).toBe(true);
      expect(await history.drop("f", a?.id)).toBe(true);
      expect(await contents("s")).toEqual(["a", "b"]);
    });

    test("of a fork has the same root", async () => {
      await history.addMessage("s", user("a"));
      await archive.fork("s", "f");
      await archive.fork("f", "g");
      expect(await history.info("g")).toMatchObject({ rootId: "s", forkedFrom: { sessionId: "f" } });
    });

    test("keeps the indexes of messages that were dropped", async () => {
      await history.addMessages("s", [user("a"), { ...user("b"), id: "mine" }, user("c")]);
      await history.drop("s", "mine");
      const turnId = await say("d", "e");
      await archive.fork("s", "f");
      expect((await indexes("f")).map((message) => message?.content ?? null)).toEqual([
        "a",
        null,
        "c",
        "d",
        "e",
      ]);
      expect(await history.count("f")).toBe(4);
      expect((await turns.get("f", turnId))?.record).toMatchObject({ userIndex: 3, answerIndex: 4 });
      expect(await history.addMessage("f", { ...user("b"), id: "mine" })).toMatchObject({ count: 5 });
    });

    test("has nothing of a turn that is running, nor what came behind its message", async () => {
      const done = await say("a", "b");
      const writer = await begin("c");
      await history.addMessage("s", user("appended meanwhile"));
      await archive.fork("s", "f");
      expect(await contents("f")).toEqual(["a", "b"]);
      expect((await turnsOf("f")).map(({ id }) => id)).toEqual([done]);
      expect(await history.info("f")).toMatchObject({ runningTurnId: null });
      await writer.end("completed");
    });

    test("has what a server that died left of its turn", async () => {
      const writer = await begin("a");
      writer.write("so far");
      await expect.poll(() => writer.feed.text).toBe("so far");
      await redis.command("HSET", `${name}:{s}:meta`, "lease", "1");
      await archive.fork("s", "f");
      expect(await contents("f")).toEqual(["a", "so far"]);
      expect(await turnsOf("f")).toMatchObject([{ id: writer.id, status: "interrupted" }]);
      await writer.end("completed");
    });

    test("has only turns whose messages it has", async () => {
      const one = await say("a", "b");
      await say("c", "d");
      const [, , c, d] = await history.getRecent("s");
      await archive.fork("s", "before-c", { before: c?.id ?? "" });
      await archive.fork("s", "before-d", { before: d?.id ?? "" });
      expect((await turnsOf("before-c")).map(({ id }) => id)).toEqual([one]);
      expect((await turnsOf("before-d")).map(({ id }) => id)).toEqual([one]);
    });

    test("remembers where the context window begins, unless that lies behind its end", async () => {
      for (const n of [0, 1, 2]) {
        const writer = await begin(`m${n}`);
        writer.write("answer");
        await writer.end("completed", { context: { window: "100", from: 4 } });
      }
      const ids = (await history.getRecent("s", { k: 6 })).map(({ id }) => id);
      await archive.fork("s", "whole");
      await archive.fork("s", "part", { before: ids[4] ?? "" });
      const history100 = { history: { maxBytes: 10_000, window: "100" } };
      expect(await turns.peek("whole", history100)).toMatchObject({ rememberedStart: 4 });
      const { rememberedStart, messages } = await turns.peek("part", history100);
      expect(rememberedStart).toBeNull();
      expect(messages).toHaveLength(4);
    });

    test("is refused where the id is in use, whole or in part, and changes nothing there", async () => {
      await history.store("s", "a", "b");
      await history.addMessage("there", user("mine"));
      await redis.command("SET", `${name}:{other}:log`, "somebody's");
      for (const id of ["there", "other", "s"]) {
        await expect(archive.fork("s", id)).rejects.toMatchObject({ code: "session_exists" });
      }
      expect(await contents("there")).toEqual(["mine"]);
      expect(await redis.command("GET", `${name}:{other}:log`)).toBe("somebody's");
    });

    test("of what is not there is refused", async () => {
      await expect(archive.fork("nothing", "f")).rejects.toMatchObject({ code: "unknown_session" });
      await history.addMessage("s", user("a"));
      await expect(archive.fork("s", "f", { before: "x" })).rejects.toMatchObject({
        code: "unknown_message",
      });
      await expect(archive.fork("s", "", {})).rejects.toThrow(TypeError);
      await expect(archive.fork("s", "f", { before: "\n" })).rejects.toThrow(TypeError);
      expect(await history.info("f")).toBeNull();
      expect(await copies()).toEqual([]);
    });

    test("of thousands of messages and turns is whole, and appears at once", async () => {
      const messages = Array.from({ length: 2300 }, (_, n) =>
        n % 7 === 0 ? { ...user(`m${n}`), id: `own-${n}` } : user(`m${n}`),
      );
      for (let n = 0; n < 2300; n += 500) await history.addMessages("s", messages.slice(n, n + 500));
      const records = Array.from({ length: 700 }, (_, n) => [
        `${n}`.padStart(16, "0"),
        `[1,"completed",${n},${n + 1},5,6,{"n":${n}}]`,
      ]);
      await redis.command("HSET", `${name}:{s}:turns`, ...records.flat());
      const seen = new Set<number>();
      let forking = true;
      const watching = (async () => {
        while (forking) seen.add(await history.count("f"));
      })();
      await archive.fork("s", "f");
      forking = false;
      await watching;
      expect(await contents("f")).toEqual(messages.map(({ content }) => content));
      expect((await turnsOf("f")).map(({ info }) => info)).toEqual(records.map((_, n) => ({ n })));
      for (const count of seen) expect([0, 2300]).toContain(count);
      expect(await history.drop("f", "own-2296")).toBe(true);
    });

    test("of large messages is read in small pages", async () => {
      const large = "x".repeat(300_000);
      for (let n = 0; n < 10; n++) await history.addMessage("s", user(`${n}${large}`));
      const pages = await Array.fromAsync((await archive.read("s")).messages());
      expect(pages.map((page) => page.length)).toEqual([3, 3, 3, 1]);
      await archive.fork("s", "f");
      expect(await contents("f")).toEqual(Array.from({ length: 10 }, (_, n) => `${n}${large}`));
    });

    test("every key of it has a TTL; a copy that was not finished leaves soon", async () => {
      await say("a", "b");
      await archive.fork("s", "f");
      for (const key of await keysOf(redis, `${name}:{f}`)) {
        expect(await redis.command("PTTL", key)).toBeGreaterThan(3_590_000);
      }
      expect(await copies()).toEqual([]);
      // Between the first page and the second, another session takes the id.
      let sent = 0;
      const client = intercept(redis.client, async (sendOnce) => {
        if (++sent === 2) await history.addMessage("r", user("first"));
        return sendOnce();
      });
      const unfinished = new SessionArchive({ client, name }).restore("r", {
        messages: Array.from({ length: 600 }, () => restored("x")),
      });
      await expect(unfinished).rejects.toMatchObject({ code: "session_exists" });
      expect(await contents("r")).toEqual(["first"]);
      const left = await copies();
      expect(left.length).toBeGreaterThan(0);
      for (const key of left) {
        const ttl = Number(await redis.command("PTTL", key));
        expect(ttl).toBeGreaterThan(0);
        expect(ttl).toBeLessThanOrEqual(60_000);
      }
    });

    test("pages that are sent again, because their reply was lost, are copied once", async () => {
      await history.addMessages(
        "s",
        Array.from({ length: 600 }, (_, n) => user(`m${n}`)),
      );
      await history.drop("s");
      await say("a", "b");
      const client = intercept(redis.client, async (sendOnce) => {
        const first = (await sendOnce()) as string[];
        const second = (await sendOnce()) as string[];
        // The last script must not be repeated: it would report that the session exists.
        return second[0] === "taken" ? first : second;
      });
      await new SessionArchive({ client, name }).fork("s", "f");
      expect(await contents("f")).toEqual(await contents("s"));
      expect(await history.count("f")).toBe(601);
      expect(await turnsOf("f")).toEqual(await turnsOf("s"));
    });

    test("a session that is cleared while it is read is no session", async () => {
      await history.addMessages(
        "s",
        Array.from({ length: 600 }, () => user("x")),
      );
      const pages = (await archive.read("s")).messages();
      await pages.next();
      await history.clear("s");
      await history.addMessage("s", user("new"));
      await expect(pages.next()).rejects.toMatchObject({ code: "unknown_session" });
    });
  });

  describe("what is read and restored", () => {
    const copyOf = async (id: string) => {
      const { info } = await archive.read(id);
      return {
        ...(info.title !== null && { title: info.title }),
        ttlSeconds: info.ttlSeconds,
        ...(info.rootId !== null && { rootId: info.rootId }),
        ...(info.forkedFrom !== null && { forkedFrom: info.forkedFrom }),
        messages: await indexes(id),
        turns: await turnsOf(id),
      };
    };

    test("is the same again", async () => {
      await say("a", "b", "failed");
      const failed = await say("c", "never mind", "failed");
      const retry = await begin("", failed);
      retry.write("better");
      await retry.end("completed", { info: { n: 1 } });
      await history.addMessages("s", [
        { role: "assistant", content: "", toolCalls: [{ id: "c1", name: "f", arguments: "{}" }] },
        { role: "tool", content: "42", toolCallId: "c1", metadata: { a: [1, null] }, id: "mine" },
        user("dropped"),
      ]);
      await history.drop("s");
      await history.rename("s", "All of it");
      await history.expire("s", 99);
      const first = await copyOf("s");
      expect(first.turns.map(({ status, replacedText }) => [status, replacedText])).toEqual([
        ["failed", undefined],
        ["failed", "never mind"],
        ["completed", undefined],
      ]);
      await archive.restore("r", first);
      expect(await copyOf("r")).toEqual(first);
      expect(await history.info("r")).toMatchObject({ title: "All of it", count: 6, ttlSeconds: 99 });
      await archive.fork("r", "f");
      const fork = await copyOf("f");
      await archive.restore("r2", fork);
      expect(await copyOf("r2")).toEqual(fork);
      // What was restored lives on: its last turn is retried by its indexes.
      expect(await history.drop("r", "mine")).toBe(true);
      expect(await history.drop("r", first.messages[0]?.id)).toBe(true);
    });

    test("takes no more room than what it was read of", async () => {
      for (let n = 0; n < 5; n++) await say(`a${n}`, `b${n}`);
      await archive.restore("r", await copyOf("s"));
      for (const part of ["messages", "turns"]) {
        const command = part === "messages" ? "LRANGE" : "HVALS";
        const range = part === "messages" ? ["0", "-1"] : [];
        const all = async (id: string) =>
          ((await redis.command(command, `${name}:{${id}}:${part}`, ...range)) as string[])
            .map((record) => JSON.parse(record))
            .sort();
        expect(await all("r")).toEqual(await all("s"));
      }
      expect(await redis.command("HEXISTS", `${name}:{r}:meta`, `id:${(await indexes("s"))[0]?.id}`)).toBe(0);
    });

    test("without ids: they get some", async () => {
      await archive.restore("r", { messages: [restored("a"), null, restored("b", { id: "mine" })] });
      const [a, , b] = await indexes("r");
      expect(a?.id).toMatch(/^[0-9a-f]{8}-0$/);
      expect(b?.id).toBe("mine");
      expect(await history.info("r")).toMatchObject({ count: 2, title: null, ttlSeconds: 3600 });
    });

    test.each([
      ["of indexes that they are not at", ["00000000-0", "00000000-2", "00000000-1"]],
      ["of two sessions", ["00000000-0", "11111111-1", "00000000-3"]],
      ["that only look like derived ones", ["00000000-00", "00000000-1", "00000000-x"]],
      ["that begin like one at its index", ["00000000-0", "00000000-", "00000000--2"]],
    ])("with ids %s: all are kept and found, and none is doubled", async (_, ids) => {
      await archive.restore("r", { messages: [...ids.map((id) => restored(id, { id })), restored("last")] });
      const found = (await indexes("r")).map((message) => message?.id);
      expect(found.slice(0, -1)).toEqual(ids);
      expect(new Set(found).size).toBe(ids.length + 1);
      for (const id of ids) {
        await expect(history.addMessage("r", { ...user("x"), id })).rejects.toMatchObject({
          code: "duplicate_id",
        });
        expect((await history.getRecent("r", { k: 99, before: id })).length).toBe(ids.indexOf(id));
      }
    });

    test("the usual TTL stays the usual one", async () => {
      await archive.restore("r", { messages: [restored("a")], ttlSeconds: 3600 });
      const longer = new MessageHistory({ client: redis.client, name, ttlSeconds: 7200 });
      expect(await longer.info("r")).toMatchObject({ ttlSeconds: 7200 });
    });

    test.each<[string, () => Parameters<SessionArchive["restore"]>[1]]>([
      ["a message that is none", () => ({ messages: [restored("x", { role: "nobody" as never })] })],
      ["a message without a time", () => ({ messages: [user("x") as SessionImportMessage] })],
      ["half a surrogate pair", () => ({ messages: [restored("\ud800")] })],
      [
        "a turn that is running",
        () => ({ messages: [restored("x")], turns: [{ ...turn, status: "running" as never }] }),
      ],
      ["a turn behind the end", () => ({ messages: [restored("x")], turns: [{ ...turn, userIndex: 1 }] })],
      [
        "an answer behind the end",
        () => ({ messages: [restored("x")], turns: [{ ...turn, answerIndex: 1 }] }),
      ],
      ["a turn of no message", () => ({ messages: [], turns: [turn] })],
      ["an index of a fraction", () => ({ messages: [restored("x")], turns: [{ ...turn, userIndex: 0.5 }] })],
      [
        "a turn's time that is none",
        () => ({ messages: [restored("x")], turns: [{ ...turn, startedAt: new Date(Number.NaN) }] }),
      ],
      ["a TTL of nothing", () => ({ messages: [], ttlSeconds: 0 })],
      ["a root that is no id", () => ({ messages: [], rootId: "" })],
    ])("refuses %s, and writes nothing", async (_, session) => {
      await expect(archive.restore("r", session())).rejects.toThrow(TypeError);
      expect(await keysOf(redis, name)).toEqual([]);
    });
    const turn: ImportedTurn = {
      id: "t",
      status: "completed",
      userIndex: 0,
      answerIndex: null,
      startedAt: new Date(5),
      endedAt: new Date(6),
      info: null,
    };

    test("turns have times before 1970", async () => {
      const times = { startedAt: new Date(-6), endedAt: new Date(-5) };
      const failed: ImportedTurn = { ...turn, ...times, status: "failed" };
      await archive.restore("r", { messages: [restored("x")], turns: [failed] });
      expect(await turnsOf("r")).toMatchObject([times]);
      expect((await turns.get("r", "t"))?.record).toMatchObject(times);
      expect(await turns.begin("r", { retryOf: "t" })).toMatchObject({ kind: "begun" });
    });

    test("a turn that is forgotten while they are read is left out", async () => {
      const many = Array.from({ length: 600 }, (_, n) => ({ ...turn, id: `t${n}`, startedAt: new Date(n) }));
      await archive.restore("r", { messages: [restored("x")], turns: many });
      const pages = (await archive.read("r")).turns();
      await pages.next();
      await turns.forget("r", "t550");
      const left = (await pages.next()).value as readonly ImportedTurn[];
      expect(left.map(({ id }) => id)).toEqual(
        many.flatMap(({ id }, n) => (n < 500 || id === "t550" ? [] : [id])),
      );
      const cleared = (await archive.read("r")).turns();
      await cleared.next();
      await history.clear("r");
      await expect(cleared.next()).rejects.toMatchObject({ code: "unknown_session" });
    });

    test("an id twice is refused", async () => {
      const twice = archive.restore("r", {
        messages: [restored("a", { id: "x" }), restored("b", { id: "x" })],
      });
      await expect(twice).rejects.toMatchObject({ code: "duplicate_id" });
    });

    test("a session of another owner can neither be read nor forked", async () => {
      await history.addMessage("s", user("a"));
      const bob = new SessionArchive({ client: redis.client, name, owner: "bob" });
      await expect(bob.read("s")).rejects.toMatchObject({ code: "unknown_session" });
      await expect(bob.fork("s", "f")).rejects.toMatchObject({ code: "unknown_session" });
    });
  });

  test("storage lists a session's keys with their sizes", async () => {
    expect(await history.storage("s")).toBeNull();
    await say("a", "b");
    const writer = await begin("c");
    writer.write("four");
    await expect.poll(() => writer.feed.text).toBe("four");
    const storage = await history.storage("s");
    expect(
      storage?.keys.map(({ name: key, type, entries }) => [key.slice(name.length), type, entries]),
    ).toEqual([
      [":{s}:messages", "list", 3],
      [":{s}:meta", "hash", expect.any(Number)],
      [":{s}:turns", "hash", 2],
      [":{s}:log", "string", 4],
    ]);
    for (const { bytes, ttlSeconds } of storage?.keys ?? []) {
      expect(bytes).toBeGreaterThan(40);
      expect(ttlSeconds).toBeGreaterThan(3300);
    }
    expect(storage?.expiresAt.getTime()).toBeGreaterThan(Date.now() + 3_300_000);
    await writer.end("completed");
  });
});

test("a Redis that keeps thousands of turns in a small hash gives them in one page, and that is forked too", async () => {
  // By the name that all versions know.
  const server = await startServer(serverBinary(), ["--hash-max-ziplist-entries", "20000"]);
  const redis = await connectNodeRedis(server.url);
  try {
    const archive = new SessionArchive({ client: redis.client });
    const time = new Date(1);
    const turns = Array.from(
      { length: 5_000 },
      (_, n): ImportedTurn => ({
        id: `t${n}`,
        status: "completed",
        userIndex: 0,
        answerIndex: null,
        startedAt: time,
        endedAt: time,
        info: n,
      }),
    );
    await archive.restore("s", { messages: [restored("a")], turns });
    await archive.fork("s", "f");
    const forked = (await Array.fromAsync((await archive.read("f")).turns())).flat();
    expect(forked.map(({ id }) => id).toSorted()).toEqual(turns.map(({ id }) => id).toSorted());
  } finally {
    await redis.close();
    await server.stop();
  }
});
