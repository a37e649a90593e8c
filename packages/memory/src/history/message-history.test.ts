import { describe, expect, test, vi } from "vitest";
import { CLIENTS, type Connection, IS_IN_MEMORY, keysOf } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { type Json, MemoryError, MessageHistory, type NewMessage, Turns } from "../index.ts";

const texts = (messages: readonly { content: string }[]): string[] => messages.map(({ content }) => content);
const user = (content: string): NewMessage => ({ role: "user", content });

describe.each(Object.entries(CLIENTS))("MessageHistory with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let history: MessageHistory;

  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    history = new MessageHistory({ client: redis.client, name });
  }, connect);

  const all = async (sessionId: string): Promise<string[]> =>
    texts(await Array.fromAsync(history.messages(sessionId)));

  test("returns stored pairs in order", async () => {
    for (let n = 1; n <= 5; n++) await history.store("s", `prompt ${n}`, `response ${n}`);
    const messages = await history.getRecent("s", { k: 10 });
    expect(texts(messages)).toEqual([1, 2, 3, 4, 5].flatMap((n) => [`prompt ${n}`, `response ${n}`]));
    expect(messages.map(({ role }) => role)).toEqual(Array(5).fill(["user", "assistant"]).flat());
  });

  test("a session of large messages is read whole, without any large reply of Redis", async () => {
    const contents = Array.from({ length: 12 }, (_, n) => `${n} ${"x".repeat(400_000)}`);
    await history.addMessages("s", contents.map(user));
    let largest = 0;
    const { client } = redis;
    const watched = new Proxy(client, {
      get(target, property) {
        const value = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          const reply = await value.apply(target, args);
          largest = Math.max(largest, JSON.stringify(reply ?? null).length);
          return reply;
        };
      },
    });
    history = new MessageHistory({ client: watched, name });
    expect(texts(await history.getRecent("s", { k: 11 })).map((text) => text.length)).toEqual(
      contents.slice(1).map((text) => text.length),
    );
    expect(await all("s")).toEqual(contents);
    const found = await new Turns({ client: watched, subscriber: redis.subscriber, name }).messages(
      "s",
      2,
      11,
    );
    expect(found.map(({ index }) => index)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(largest).toBeLessThan(2_000_000);
  });

  test("getRecent gives the newest k, oldest first, 5 by default", async () => {
    await history.addMessages(
      "s",
      Array.from({ length: 8 }, (_, n) => user(`m${n}`)),
    );
    expect(texts(await history.getRecent("s"))).toEqual(["m3", "m4", "m5", "m6", "m7"]);
    expect(texts(await history.getRecent("s", { k: 2 }))).toEqual(["m6", "m7"]);
    expect(texts(await history.getRecent("s", { k: 100 }))).toHaveLength(8);
    expect(await history.getRecent("s", { k: 0 })).toEqual([]);
  });

  test("questions gives the user's newest messages before one, newest first, with their indexes", async () => {
    await history.addMessages("s", [
      user("first"),
      { role: "assistant", content: "an answer" },
      { ...user("second"), id: "second" },
      { ...user("third"), id: "third" },
      { role: "tool", content: "42", toolCallId: "c1" },
      user("fourth"),
    ]);
    const questions = async (options: { k: number; before?: string }) =>
      (await history.questions("s", options)).map(({ index, item }) => [index, item.content]);
    expect(await questions({ k: 10, before: "third" })).toEqual([
      [2, "second"],
      [0, "first"],
    ]);
    expect(await questions({ k: 2 })).toEqual([
      [5, "fourth"],
      [3, "third"],
    ]);
    await history.drop("s", "second");
    expect(await questions({ k: 1, before: "third" })).toEqual([[0, "first"]]);
    await expect(questions({ k: 1, before: "nothing" })).rejects.toMatchObject({ code: "unknown_message" });
    await expect(questions({ k: -1 })).rejects.toThrow(TypeError);
    await expect(questions({ k: 1, before: "" })).rejects.toThrow(TypeError);
    expect(await history.questions("nowhere", { k: 1 })).toEqual([]);
  });

  test.each([-2, -2.5, 1.3, "3", Number.NaN, null])("refuses k = %j", async (k) => {
    await history.addMessage("s", user("m"));
    await expect(history.getRecent("s", { k: k as number })).rejects.toThrow(TypeError);
  });

  test("keeps tool calls, results and metadata; absent fields stay absent", async () => {
    const metadata: Json = { a: [1, null, { b: "ü" }], "": false };
    const toolCalls = [{ id: "c1", name: "search", arguments: '{"q":1}' }];
    await history.addMessages("s", [
      { role: "assistant", content: "", toolCalls },
      { role: "tool", content: "42", toolCallId: "c1", metadata },
      { role: "user", content: "x", metadata: null },
      user("plain"),
    ]);
    const messages = await history.getRecent("s");
    expect(messages[0]).toMatchObject({ toolCalls });
    expect(messages[1]).toMatchObject({ toolCallId: "c1", metadata });
    expect(messages[2]).toMatchObject({ metadata: null });
    expect(Object.keys(messages[3] ?? {}).sort()).toEqual(["content", "createdAt", "id", "role"]);
  });

  test.each(["0", '"', "\\u0000/\\/", "🎉\u2028 𝒳 שלום", "a\nb\t"])(
    "content %j survives",
    async (content) => {
      await history.addMessage("s", user(content));
      expect(texts(await history.getRecent("s"))).toEqual([content]);
    },
  );

  test("sessions are apart, whatever their ids", async () => {
    const ids = [
      "a",
      "A",
      "a|b",
      "a,b",
      "{a}",
      "}",
      "a:b",
      "a*",
      "a b",
      "%7Da",
      "сессия",
      "会话🎉",
      "[1]",
      "a/b",
      "?",
    ];
    for (const id of ids) await history.addMessage(id, user(`in ${id}`));
    for (const id of ids) expect(await all(id)).toEqual([`in ${id}`]);
    expect(await history.getRecent("unknown")).toEqual([]);
    expect(await history.count("unknown")).toBe(0);
  });

  test("owners are apart: no id of one names a session of another", async () => {
    const bob = new MessageHistory({ client: redis.client, name, owner: "bob" });
    await bob.addMessage("s", user("bob's"));
    for (const id of ["s", "bob/s", "bob%2Fs", "{bob/s}"]) expect(await history.getRecent(id)).toEqual([]);
    await history.addMessage("bob/s", user("local's"));
    expect(texts(await bob.getRecent("s"))).toEqual(["bob's"]);
    expect((await bob.listSessions()).sessions.map(({ id }) => id)).toEqual(["s"]);
  });

  test.each(["", "x".repeat(129), "a\u0000", "a\n", "\ud800", 7 as unknown as string])(
    "refuses session id %j",
    async (id) => {
      await expect(history.addMessage(id, user("x"))).rejects.toThrow(TypeError);
      await expect(history.getRecent(id)).rejects.toThrow(TypeError);
      expect(await keysOf(redis, name)).toEqual([]);
    },
  );

  test("drops the newest, or one by its id", async () => {
    const added = await history.addMessages("s", [
      user("a"),
      user("b"),
      { ...user("c"), id: "mine" },
      user("d"),
    ]);
    expect(await history.drop("s")).toBe(true);
    expect(await history.drop("s", "mine")).toBe(true);
    expect(await history.drop("s", added[0]?.id)).toBe(true);
    expect(await all("s")).toEqual(["b"]);
    expect(await history.count("s")).toBe(1);
    expect(await history.drop("s", "mine")).toBe(false);
    expect(await history.drop("s", "nothing")).toBe(false);
    // The ids of the others are what they were, and a dropped id given by a caller is free again.
    expect((await history.getRecent("s"))[0]?.id).toBe(added[1]?.id);
    await history.addMessage("s", { ...user("e"), id: "mine" });
    expect(await all("s")).toEqual(["b", "e"]);
  });

  test("drop on an empty history is no error", async () => {
    expect(await history.drop("s")).toBe(false);
    expect(await keysOf(redis, name)).toEqual([]);
  });

  test("clear forgets one session and no other", async () => {
    await history.store("a", "1", "2");
    await history.store("b", "3", "4");
    expect(await history.count("a")).toBe(2);
    expect(await history.clear("a")).toBe(true);
    expect(await history.count("a")).toBe(0);
    expect(await all("a")).toEqual([]);
    expect(await all("b")).toEqual(["3", "4"]);
    expect(await history.clear("a")).toBe(false);
    expect(await keysOf(redis, `${name}:{a}`)).toEqual([]);
  });

  test("filters by role before k", async () => {
    await history.addMessages("s", [
      { role: "system", content: "s1" },
      { role: "user", content: "u1" },
      { role: "tool", content: "t1" },
      { role: "assistant", content: "a1" },
      { role: "user", content: "u2" },
      { role: "assistant", content: "a2" },
    ]);
    const recent = async (role: "system" | "user" | "assistant" | "tool" | ("user" | "system")[], k = 5) =>
      texts(await history.getRecent("s", { role, k }));
    expect(await recent("user")).toEqual(["u1", "u2"]);
    expect(await recent("user", 1)).toEqual(["u2"]);
    expect(await recent("system")).toEqual(["s1"]);
    expect(await recent("tool")).toEqual(["t1"]);
    expect(await recent(["user", "system"])).toEqual(["s1", "u1", "u2"]);
  });

  test("a rare role is looked for in steps, between which Redis serves others", async () => {
    const steps = vi.fn();
    const watched = new Proxy(redis.client, {
      get(target, property) {
        const value = Reflect.get(target, property, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          steps();
          return value.apply(target, args);
        };
      },
    });
    await history.addMessages("s", [
      { role: "system", content: "rules" },
      { role: "system", content: "more rules" },
    ]);
    const filler = Array.from({ length: 9_000 }, () => user("x"));
    for (let n = 0; n < 3; n++) await history.addMessages("s", filler);
    // What was dropped is looked at too.
    await history.drop("s");
    const looking = new MessageHistory({ client: watched, name });
    expect(texts(await looking.getRecent("s", { role: "system", k: 2 }))).toEqual(["rules", "more rules"]);
    expect(texts(await looking.getRecent("s", { role: "system", k: 1 }))).toEqual(["more rules"]);
    expect(await looking.getRecent("s", { role: "tool" })).toEqual([]);
    steps.mockClear();
    await looking.getRecent("s", { role: "system" });
    expect(steps).toHaveBeenCalledTimes(3);
  });

  test.each([["SYSTEM"], ["llm"], [[]], [["user", "nobody"]], [1], [""]])("refuses role %j", async (role) => {
    await history.addMessage("s", user("x"));
    await expect(history.getRecent("s", { role: role as never })).rejects.toThrow(TypeError);
  });

  test.each<[string, unknown]>([
    ["no role", { content: "x" }],
    ["no content", { role: "user" }],
    ["a role that does not exist", { role: "User", content: "x" }],
    ["content that is no string", { role: "user", content: 1 }],
    ["metadata that is no JSON", { ...user("x"), metadata: { a: () => 1 } }],
    ["metadata that JSON would change", { ...user("x"), metadata: { a: undefined } }],
    ["an empty id", { ...user("x"), id: "" }],
    ["an invalid time", { ...user("x"), createdAt: new Date(Number.NaN) }],
    ["a time that is no Date", { ...user("x"), createdAt: 5 }],
    ["metadata with a hole", { ...user("x"), metadata: new Array(2) }],
    ["metadata with half a character as a key", { ...user("x"), metadata: { "\ud800": 1 } }],
    [
      "half a character in a tool call",
      { ...user("x"), toolCalls: [{ id: "\ud800", name: "f", arguments: "" }] },
    ],
    ["a tool call without a name", { ...user("x"), toolCalls: [{ id: "c", arguments: "" }] }],
    ["a toolCallId that is no string", { ...user("x"), toolCallId: 5 }],
    ["null", null],
  ])("refuses a message with %s, and writes nothing", async (_, message) => {
    await expect(history.addMessages("s", [user("fine"), message as NewMessage])).rejects.toThrow(TypeError);
    expect(await keysOf(redis, name)).toEqual([]);
  });

  test("a list of parts as the content is refused with the field that takes it", async () => {
    const content = [{ type: "text", text: "x" }] as unknown as string;
    await expect(history.addMessage("s", user(content))).rejects.toThrow(/^content .* parts$/);
  });

  test("a batch has a limit, which is said before anything is written", async () => {
    const batch = Array.from({ length: 10_001 }, (_, n) => user(String(n)));
    await expect(history.addMessages("s", batch)).rejects.toThrow(/10000/);
    await expect(history.addMessages("s", batch)).rejects.toThrow(TypeError);
    expect(await keysOf(redis, name)).toEqual([]);
    expect(await history.addMessages("s", batch.slice(1))).toHaveLength(10_000);
  });

  test("an id that is in use is refused, and nothing of the batch is written", async () => {
    await history.addMessage("s", { ...user("a"), id: "x" });
    const derived = (await history.addMessage("s", user("b"))).id;
    for (const id of ["x", derived]) {
      const twice = history.addMessages("s", [user("c"), { ...user("d"), id }]);
      await expect(twice).rejects.toMatchObject({ code: "duplicate_id" });
    }
    const inOneBatch = history.addMessages("s", [
      { ...user("c"), id: "y" },
      { ...user("d"), id: "y" },
    ]);
    await expect(inOneBatch).rejects.toSatisfy(MemoryError.isInstance);
    expect(await all("s")).toEqual(["a", "b"]);
  });

  test("keeps ids and times of the caller, and makes unique ones else", async () => {
    const createdAt = new Date("2019-05-05T05:05:05.005Z");
    await history.addMessage("s", { ...user("old"), id: "old-1", createdAt });
    const added = await history.addMessages("s", [user("a"), user("b")]);
    const messages = await history.getRecent("s");
    expect(messages[0]).toMatchObject({ id: "old-1", createdAt });
    expect(messages.slice(1).map(({ id }) => id)).toEqual(added.map(({ id }) => id));
    expect(new Set(messages.map(({ id }) => id)).size).toBe(3);
    expect(added.map(({ count }) => count)).toEqual([2, 3]);
  });

  test("ids that look like something else are kept as they are, with a time and without", async () => {
    const ids = [" leading", "trailing ", " ", "-5 x", "12", "7 8", 'quo"te', "user 1", "__proto__", "id:x"];
    const times = [undefined, -5000, 0, 8.64e15];
    const messages = ids.flatMap((id) =>
      times.map((time) => ({
        ...user(id),
        id: `${id}${time ?? ""}`,
        ...(time !== undefined && { createdAt: new Date(time) }),
      })),
    );
    await history.addMessages("s", messages);
    expect(await Array.fromAsync(history.messages("s"))).toMatchObject(messages);
    for (const { id } of messages) expect(await history.drop("s", id)).toBe(true);
    expect(await history.count("s")).toBe(0);
  });

  test("the ids of a session that was cleared do not come back", async () => {
    const before = await history.addMessage("s", user("a"));
    await history.clear("s");
    const after = await history.addMessage("s", user("b"));
    expect(after.id).not.toBe(before.id);
    expect(await history.drop("s", before.id)).toBe(false);
  });

  test("before: the page that ends there", async () => {
    const added = await history.addMessages(
      "s",
      Array.from({ length: 6 }, (_, n) => user(`m${n}`)),
    );
    expect(texts(await history.getRecent("s", { k: 2, before: added[4]?.id ?? "" }))).toEqual(["m2", "m3"]);
    expect(await history.getRecent("s", { before: added[0]?.id ?? "" })).toEqual([]);
    await expect(history.getRecent("s", { before: "unknown" })).rejects.toMatchObject({
      code: "unknown_message",
    });
  });

  test("every key has a TTL, renewed by each write", async () => {
    await history.addMessages("s", [{ ...user("a"), id: "x" }]);
    for (const key of await keysOf(redis, `${name}:{s}`)) {
      await redis.command("PEXPIRE", key, "5000");
    }
    await history.drop("s");
    for (const key of await keysOf(redis, `${name}:{s}`)) {
      expect(await redis.command("PTTL", key)).toBeGreaterThan(3_590_000);
    }
    expect(await history.ttl("s")).toBe(3600);
  });

  test("a session can have a TTL of its own, lastingly", async () => {
    expect(await history.expire("s", 60)).toBe(false);
    await history.addMessage("s", user("a"));
    expect(await history.expire("s", 86_400)).toBe(true);
    await history.addMessage("s", user("b"));
    expect(await history.ttl("s")).toBe(86_400);
    expect(await history.info("s")).toMatchObject({
      ttlSeconds: 86_400,
      count: 2,
      title: null,
      runningTurnId: null,
    });
    await expect(history.expire("s", 0)).rejects.toThrow(TypeError);
    expect(await history.ttl("unknown")).toBeNull();
  });

  test("expires", async () => {
    const brief = new MessageHistory({ client: redis.client, name, ttlSeconds: 1 });
    await brief.addMessage("s", user("a"));
    await expect.poll(() => brief.count("s")).toBe(0);
    expect((await brief.listSessions()).sessions).toEqual([]);
  });

  test("pages through any number of messages, with no silent cap", async () => {
    for (let n = 0; n < 3; n++) {
      await history.addMessages(
        "s",
        Array.from({ length: 700 }, (_, m) => user(String(n * 700 + m))),
      );
    }
    expect(await all("s")).toEqual(Array.from({ length: 2100 }, (_, n) => String(n)));
    expect(await history.getRecent("s", { k: 2000 })).toHaveLength(2000);
  });

  test("as many of the newest as fit a token budget", async () => {
    await history.addMessages(
      "s",
      Array.from({ length: 1200 }, (_, n) => user(String(n).padStart(10, "0"))),
    );
    const countTokens = ({ content }: { content: string }) => content.length;
    const recent = await history.getRecent("s", { maxTokens: 10_055, countTokens });
    expect(recent).toHaveLength(1005);
    expect(recent.at(-1)?.content).toBe("0000001199");
    expect(await history.getRecent("s", { maxTokens: 9, countTokens })).toEqual([]);
    expect(await history.getRecent("s", { maxTokens: 10_055, k: 3, countTokens })).toHaveLength(3);
    await expect(history.getRecent("s", { maxTokens: 5 })).rejects.toThrow(TypeError);
  });

  test("a tool's result is never kept without its call", async () => {
    const toolCalls = [
      { id: "c1", name: "f", arguments: "{}" },
      { id: "c2", name: "f", arguments: "{}" },
    ];
    await history.addMessages("s", [
      user("q"),
      { role: "assistant", content: "", toolCalls },
      { role: "tool", content: "r1", toolCallId: "c1" },
      { role: "tool", content: "r2", toolCallId: "c2" },
      { role: "tool", content: "of a call that was never stored", toolCallId: "c3" },
      { role: "assistant", content: "a" },
    ]);
    const recent = async (k: number) => texts(await history.getRecent("s", { k }));
    expect(await recent(1)).toEqual(["a"]);
    expect(await recent(3)).toEqual(["of a call that was never stored", "a"]);
    expect(await recent(4)).toEqual(["of a call that was never stored", "a"]);
    expect(await recent(5)).toEqual(["", "r1", "r2", "of a call that was never stored", "a"]);
    const countTokens = () => 1;
    expect(await history.getRecent("s", { maxTokens: 3, countTokens })).toHaveLength(2);
    expect(await history.getRecent("s", { maxTokens: 5, countTokens })).toHaveLength(5);
    // Unless it is for people, who go back page by page.
    const pages: string[][] = [];
    for (let before: string | undefined; pages.length < 3; ) {
      const page = await history.getRecent("s", { k: 2, cutAnywhere: true, ...(before && { before }) });
      pages.push(texts(page));
      before = page[0]?.id;
    }
    expect(pages).toEqual([
      ["of a call that was never stored", "a"],
      ["r1", "r2"],
      ["q", ""],
    ]);
  });

  test("a damaged record is skipped and reported", async () => {
    const damaged: unknown[] = [];
    const wary = new MessageHistory({
      client: redis.client,
      name,
      onDamaged: (report) => damaged.push(report),
    });
    await wary.addMessage("s", user("a"));
    for (const record of [
      "nonsense",
      "[]",
      '{"role":"user"}',
      '[1,"user",5]',
      '[3,"user",5,"x"]',
      '[1,"nobody",5,"x"]',
    ]) {
      await redis.command("RPUSH", `${name}:{s}:messages`, record);
    }
    await wary.addMessage("s", user("b"));
    expect(texts(await wary.getRecent("s", { k: 20 }))).toEqual(["a", "b"]);
    expect(damaged).toEqual([6, 5, 4, 3, 2, 1].map((index) => ({ sessionId: "s", index })));
    expect(texts(await Array.fromAsync(wary.messages("s")))).toEqual(["a", "b"]);
  });

  test("a damaged record does not count toward the newest k", async () => {
    await history.addMessages("s", [user("a"), user("b")]);
    await redis.command("RPUSH", `${name}:{s}:messages`, "nonsense", '[1,"user"]', '{"role":"user"}');
    expect(texts(await history.getRecent("s", { k: 2 }))).toEqual(["a", "b"]);
  });

  test.each([
    '[1,"user",1e300,"x"]',
    '[1,"user",5,"x",[]]',
    '[1,"user",5,"x",{"id":7}]',
    '[1,"user",5,"x",{"callId":[]}]',
    '[1,"user",5,"x",{"turn":{}}]',
    '[1,"assistant",5,"x",{"calls":"none"}]',
    '[1,"assistant",5,"x",{"calls":[null]}]',
    '[1,"assistant",5,"x",{"calls":[{"id":"c","name":"f"}]}]',
  ])("the damaged record %s is skipped", async (record) => {
    await history.addMessage("s", user("a"));
    await redis.command("RPUSH", `${name}:{s}:messages`, record);
    await history.addMessage("s", { role: "tool", content: "b", toolCallId: "c" });
    expect(await all("s")).toEqual(["a", "b"]);
    expect(texts(await history.getRecent("s", { k: 1 }))).toEqual(["b"]);
  });

  test("ids match exactly: no other way of writing one names the message", async () => {
    const [derived, given] = await history.addMessages("s", [user("a"), { ...user("b"), id: "mine" }]);
    const epoch = derived?.id.split("-")[0];
    expect(given?.id).toBe("mine");
    for (const id of [`${epoch}-00`, `${epoch}-1`, `${epoch}-+0`, `${epoch}-0 `, "MINE", "mine "]) {
      expect(await history.drop("s", id)).toBe(false);
    }
    expect(await all("s")).toEqual(["a", "b"]);
  });

  test.skipIf(IS_IN_MEMORY)("the time left is by Redis' clock, not ours", async () => {
    await history.addMessage("s", user("a"));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 7_200_000 });
    try {
      expect(await history.ttl("s")).toBe(3600);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a TTL that is set right after a write counts in the list too", async () => {
    await history.addMessage("s", user("a"));
    await history.expire("s", 86_400);
    const expires = () => redis.command("ZSCORE", `${name}:sessions:{local}:expires`, "s");
    await expect.poll(async () => Number(await expires()) - Date.now()).toBeGreaterThan(86_000_000);
  });

  test("a session that was cleared and begun anew is in the list at once", async () => {
    const other = new MessageHistory({ client: redis.client, name });
    await other.addMessage("s", user("a"));
    await history.clear("s");
    await other.addMessage("s", user("b"));
    await expect.poll(async () => (await history.listSessions()).sessions.map(({ id }) => id)).toEqual(["s"]);
  });

  test.each([3_153_600_001, Number.MAX_SAFE_INTEGER])("refuses a TTL of %d seconds", async (seconds) => {
    await history.addMessage("s", user("a"));
    await expect(history.expire("s", seconds)).rejects.toThrow(TypeError);
    expect(() => new MessageHistory({ client: redis.client, ttlSeconds: seconds })).toThrow(TypeError);
    await history.expire("s", 3_153_600_000);
    expect(await history.ttl("s")).toBe(3_153_600_000);
    await expect.poll(async () => (await history.listSessions()).sessions.map(({ id }) => id)).toEqual(["s"]);
  });

  test("a session that is cleared while its newest messages are counted ends the reading", async () => {
    await history.addMessages(
      "s",
      Array.from({ length: 1200 }, (_, n) => user(String(n))),
    );
    let cleared: Promise<unknown> | undefined;
    const countTokens = () => {
      cleared ??= history.clear("s");
      return 1;
    };
    const recent = await history.getRecent("s", { maxTokens: 1_000_000, countTokens });
    expect(recent.length).toBeLessThan(1200);
    expect(recent.at(-1)?.content).toBe("1199");
    await cleared;
  });

  test.each([Number.NaN, -1, "5", Promise.resolve(5)])(
    "refuses a token counter that returns %s",
    async (tokens) => {
      await history.addMessage("s", user("a"));
      const options = { maxTokens: 5, countTokens: () => tokens as number };
      await expect(history.getRecent("s", options)).rejects.toThrow(TypeError);
    },
  );

  test("ids of tool calls are whatever the model made of them", async () => {
    const id = `call ${"x".repeat(300)}\n|{}`;
    const toolCalls = [{ id, name: "f", arguments: "not JSON" }];
    await history.addMessages("s", [
      { role: "assistant", content: "", toolCalls },
      { role: "tool", content: "r", toolCallId: id },
    ]);
    expect(await history.getRecent("s")).toMatchObject([{ toolCalls }, { toolCallId: id }]);
    expect(await history.getRecent("s", { k: 1 })).toEqual([]);
  });

  test("a record of a later layout version is skipped, reported and not changed", async () => {
    const indexes: number[] = [];
    const wary = new MessageHistory({
      client: redis.client,
      name,
      onDamaged: ({ index }) => indexes.push(index),
    });
    await wary.addMessage("s", user("a"));
    const later = '[3,"user",1732264800000,"b",{"id":"x"}]';
    await redis.command("RPUSH", `${name}:{s}:messages`, later);
    await wary.addMessage("s", user("c"));
    expect(texts(await wary.getRecent("s", { k: 2 }))).toEqual(["a", "c"]);
    expect(texts(await Array.fromAsync(wary.messages("s")))).toEqual(["a", "c"]);
    expect(indexes).toEqual([1, 1]);
    expect(await redis.command("LINDEX", `${name}:{s}:messages`, "1")).toBe(later);
  });

  test("a key of another type is an error with a code, and nothing is changed", async () => {
    await redis.command("SET", `${name}:{s}:messages`, "mine");
    await expect(history.addMessage("s", user("a"))).rejects.toMatchObject({ code: "damaged" });
    expect(await redis.command("GET", `${name}:{s}:messages`)).toBe("mine");
  });

  test.each([
    ["metadata", "1:{"],
    ["metadata", "one:{}"],
    ["ttl", "mine"],
    ["dropped", "mine"],
    ["created", "mine"],
  ])(
    "the damaged %s %s is an error with a code, and hides its session from the list",
    async (field, value) => {
      await history.addMessage("s", user("a"));
      await history.addMessage("here", user("a"));
      await redis.command("HSET", `${name}:{s}:meta`, field, value);
      const error = { name: "MemoryError", code: "damaged" };
      await expect(history.info("s")).rejects.toMatchObject(error);
      if (field === "ttl" || field === "dropped")
        await expect(history.drop("s")).rejects.toMatchObject(error);
      await expect
        .poll(async () => (await history.listSessions()).sessions.map(({ id }) => id))
        .toEqual(["here"]);
      expect(await history.clear("s")).toBe(true);
    },
  );

  test.each<[string, (meta: string) => string[][]]>([
    [
      "meta",
      (meta) => [
        ["DEL", meta],
        ["SET", meta, "mine"],
      ],
    ],
    ["running turn", (meta) => [["HSET", meta, "turn", "mine", "lease", "mine"]]],
    ["lease", (meta) => [["HSET", meta, "turn", "mine"]]],
  ])("a session whose %s is damaged can be cleared, and its id used again", async (_, damage) => {
    await history.addMessage("s", user("a"));
    for (const command of damage(`${name}:{s}:meta`)) await redis.command(...command);
    await expect(history.addMessage("s", user("b"))).rejects.toMatchObject({ code: "damaged" });
    expect(await history.clear("s")).toBe(true);
    expect(await history.clear("s")).toBe(false);
    await history.addMessage("s", user("c"));
    expect(texts(await history.getRecent("s"))).toEqual(["c"]);
  });

  test("a session whose meta Redis has evicted is not created over what is left of it", async () => {
    await history.addMessage("s", user("a"));
    await redis.command("DEL", `${name}:{s}:meta`);
    const work = history.create("s", { items: [user("b")] });
    await expect(work).rejects.toMatchObject({ code: "session_exists" });
    expect(await history.clear("s")).toBe(true);
    const { added } = await history.create("s", { items: [user("b")] });
    expect(await history.getItem("s", added[0]?.id ?? "")).toMatchObject({ content: "b" });
  });

  test("lists sessions, last used first, in pages", async () => {
    for (let n = 0; n < 7; n++) await history.addMessage(`s${n}`, user("x"));
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<MessageHistory["listSessions"]>> = await history.listSessions({
        limit: 3,
        ...(cursor !== null && { cursor }),
      });
      ids.push(...page.sessions.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(ids.sort()).toEqual(["s0", "s1", "s2", "s3", "s4", "s5", "s6"]);
    await history.clear("s3");
    expect((await history.listSessions()).sessions.map(({ id }) => id)).not.toContain("s3");
    await expect(history.listSessions({ cursor: "x" })).rejects.toThrow(TypeError);
  });

  test("the list heals itself when sessions are gone", async () => {
    await history.addMessage("gone", user("x"));
    await history.addMessage("here", user("x"));
    const used = `${name}:sessions:{local}:used`;
    await redis.command("DEL", `${name}:{gone}:messages`, `${name}:{gone}:meta`);
    expect((await history.listSessions()).sessions.map(({ id }) => id)).toEqual(["here"]);
    // Young: it may just be on its way. Old: it is forgotten.
    expect(await redis.command("ZCARD", used)).toBe(2);
    await redis.command("ZADD", used, "1000", "gone");
    await history.listSessions();
    await expect.poll(() => redis.command("ZCARD", used)).toBe(1);
  });

  test("a session that cannot be read hides itself from the list, not the others", async () => {
    for (const id of ["newer", "damaged", "here"]) await history.addMessage(id, user("x"));
    await redis.command("HSET", `${name}:{newer}:meta`, "v", "3");
    await redis.command("DEL", `${name}:{damaged}:meta`);
    await redis.command("SET", `${name}:{damaged}:meta`, "mine");
    const used = `${name}:sessions:{local}:used`;
    await redis.command("ZADD", used, "1000", "newer", "1000", "damaged");
    expect((await history.listSessions()).sessions.map(({ id }) => id)).toEqual(["here"]);
    // The session exists: the list must show it.
    await history.addMessage("here", user("y"));
    expect(await redis.command("ZCARD", used)).toBe(3);
  });

  test("a call through a client that its owner has closed is rejected, and does not keep the process waiting", async () => {
    const connection = await connect();
    const closing = new MessageHistory({ client: connection.client, name });
    await closing.addMessage("s", user("x"));
    await connection.close();
    await expect(closing.count("s")).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a hundred writers at once: every message once, counts right, one order for all", async () => {
    const added = await Promise.all(
      Array.from({ length: 100 }, (_, n) => history.addMessages("s", [user(`${n}a`), user(`${n}b`)])),
    );
    const messages = await all("s");
    expect([...messages].sort()).toEqual(
      Array.from({ length: 100 }, (_, n) => [`${n}a`, `${n}b`])
        .flat()
        .sort(),
    );
    for (let n = 0; n < 200; n += 2) expect(messages[n]?.replace("a", "b")).toBe(messages[n + 1]);
    expect(
      added
        .flat()
        .map(({ count }) => count)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
  });
});
