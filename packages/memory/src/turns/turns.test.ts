import { describe, expect, test, vi } from "vitest";
import { CLIENTS, type Connection, IS_IN_MEMORY, keysOf } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { type BeginOptions, MessageHistory, Turns, type TurnUpdate, type TurnWriter } from "../index.ts";
import type { TurnFeed } from "./turn-feed.ts";

// Short, and yet longer than a busy machine keeps a writer from renewing it.
const LEASE_MS = 1_000;

describe.each(Object.entries(CLIENTS))("Turns with %s", (_, connect) => {
  let redis: Connection;
  let name: string;
  let turns: Turns;
  /** Another process, as far as Redis can tell. */
  let elsewhere: Turns;
  let history: MessageHistory;

  useRedis((connection, newName) => {
    [redis, name] = [connection, newName];
    const { client, subscriber } = redis;
    turns = new Turns({ client, subscriber, name, leaseMs: LEASE_MS });
    elsewhere = new Turns({ client, subscriber, name, leaseMs: LEASE_MS });
    history = new MessageHistory({ client, name });
  }, connect);

  const begin = async (options: BeginOptions, by = turns) => {
    const begun = await by.begin("s", options);
    if (begun.kind !== "begun") throw new Error(`not begun but ${begun.kind}`);
    return begun;
  };
  const conversation = async () =>
    (await Array.fromAsync(history.messages("s"))).map(({ role, content }) => `${role}: ${content}`);
  const collect = async (by: Turns, turnId: string, from = 0): Promise<TurnUpdate[]> => {
    const updates = await by.follow("s", turnId, { from });
    if (updates === null) throw new Error("no such turn");
    return Array.fromAsync(updates);
  };
  const textOf = (updates: readonly TurnUpdate[]) =>
    updates.map((update) => (update.type === "text" ? update.text : "")).join("");
  /** A writer whose process has died: it renews nothing any more. */
  const abandon = async (writer: TurnWriter) => {
    writer.signal.throwIfAborted();
    await redis.command("HSET", `${name}:{s}:meta`, "lease", "1");
  };

  /** One that has written this and died before it could end, and that would not renew for a long time anyway. */
  const deadWriter = async (text: string) => {
    const slow = new Turns({ client: redis.client, name, leaseMs: 60_000 });
    const { writer } = await begin({ content: "Hi" }, slow);
    writer.write(text);
    await expect.poll(() => writer.feed.text).toBe(text);
    await abandon(writer);
    return writer;
  };

  /** Resolves when the writer has renewed its lease so often: each time three tenths of it have passed. */
  const renewals = async (count: number) => {
    const leases = new Set<unknown>();
    const seen = async () => leases.add(await redis.command("HGET", `${name}:{s}:meta`, "lease")).size;
    await expect.poll(seen).toBeGreaterThan(count);
  };

  test("what is written after hold goes to Redis with the end", async () => {
    const { writer } = await begin({ content: "Hi" });
    const logged = vi.spyOn(writer.feed as TurnFeed, "push");
    writer.hold();
    writer.write("Hel");
    writer.write("lo");
    expect(await writer.end("completed")).toMatchObject({ status: "completed", count: 2 });
    expect(logged.mock.calls).toEqual([["Hello"]]);
    expect(await conversation()).toEqual(["user: Hi", "assistant: Hello"]);
  });

  test("what is written after hold is shown even if no end comes", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.hold();
    writer.write("Hello");
    await expect.poll(() => writer.feed.text).toBe("Hello");
    await writer.end("completed");
  });

  test("a whole turn: begun, written, ended; the conversation has both messages", async () => {
    const { writer, messages, count } = await begin({ content: "Hi", info: { model: "m" }, title: "Hi" });
    expect(messages.map(({ message }) => message.content)).toEqual(["Hi"]);
    expect(count).toBe(1);
    writer.write("Hel");
    writer.write("lo ");
    writer.write("Bob 🎉");
    const outcome = await writer.end("completed", { info: { model: "m", tokens: 3 } });
    expect(outcome).toEqual({ status: "completed", count: 2, endedAt: expect.any(Date) });
    expect(await conversation()).toEqual(["user: Hi", "assistant: Hello Bob 🎉"]);
    expect(await turns.get("s", writer.id)).toMatchObject({
      text: "Hello Bob 🎉",
      count: 2,
      record: {
        status: "completed",
        userIndex: 0,
        answerIndex: 1,
        endedAt: outcome.endedAt,
        info: { model: "m", tokens: 3 },
      },
    });
    expect((await keysOf(redis, `${name}:{s}`)).map((key) => key.split(":").at(-1))).toEqual([
      "messages",
      "meta",
      "turns",
    ]);
    expect((await history.info("s"))?.title).toBe("Hi");
    const messagesOf = await history.getRecent("s");
    expect(messagesOf.map(({ turnId }) => turnId)).toEqual([writer.id, writer.id]);
  });

  test("every key has a TTL at every step", async () => {
    const ttls = async () =>
      Promise.all((await keysOf(redis, `${name}:{s}`)).map((key) => redis.command("PTTL", key)));
    const { writer } = await begin({ content: "Hi", idempotency: { key: "k", requestHash: "h" } });
    expect(Math.min(...((await ttls()) as number[]))).toBeGreaterThan(0);
    writer.write("text");
    await expect.poll(() => writer.feed.text).toBe("text");
    const running = (await ttls()) as number[];
    expect(running).toHaveLength(5);
    expect(Math.min(...running)).toBeGreaterThan(3_590_000);
    await writer.end("completed");
    expect(Math.min(...((await ttls()) as number[]))).toBeGreaterThan(3_590_000);
  });

  test("nothing is shown before Redis has it", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("first");
    expect(writer.feed.text).toBe("");
    await expect.poll(() => writer.feed.text).toBe("first");
    expect(await redis.command("GET", `${name}:{s}:log`)).toBe("first");
    for (const letter of "abcdefgh") writer.write(letter);
    await writer.end("completed");
    expect(writer.feed.text).toBe("firstabcdefgh");
  });

  test.each([["here"], ["elsewhere"]])(
    "is followed %s, from the start or from anywhere, during and after",
    async (where) => {
      const by = where === "here" ? turns : elsewhere;
      const { writer } = await begin({ content: "Hi" });
      writer.write("one ");
      await expect.poll(() => writer.feed.text).toBe("one ");
      const all = collect(by, writer.id);
      const part = collect(by, writer.id, 2);
      writer.write("two ");
      await expect.poll(() => writer.feed.text).toBe("one two ");
      writer.write("three");
      await writer.end("completed");
      expect(textOf(await all)).toBe("one two three");
      expect(textOf(await part)).toBe("e two three");
      expect((await all).at(-1)).toEqual({
        type: "end",
        outcome: { status: "completed", count: 2, endedAt: expect.any(Date) },
        length: 13,
      });
      expect(textOf(await collect(by, writer.id, 4))).toBe("two three");
      expect(textOf(await collect(by, writer.id, 13))).toBe("");
      expect(await by.follow("s", "0123456789abcdef")).toBeNull();
    },
  );

  test("a follower without a subscriber looks by himself", async () => {
    const unwoken = new Turns({ client: redis.client, name, leaseMs: LEASE_MS });
    const { writer } = await begin({ content: "Hi" });
    const updates = collect(unwoken, writer.id);
    writer.write("text");
    await writer.end("completed");
    expect(textOf(await updates)).toBe("text");
  });

  test("half a surrogate pair waits for its other half", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("a\ud83c");
    await expect.poll(() => writer.feed.text).toBe("a");
    writer.write("\udf89b");
    await expect.poll(() => writer.feed.text).toBe("a🎉b");
    writer.write("\ud83c");
    await writer.end("completed");
    expect((await conversation())[1]).toBe("assistant: a🎉b\ufffd");
  });

  test("one turn at a time: another is told which one runs", async () => {
    const { writer } = await begin({ content: "Hi" });
    expect(await elsewhere.begin("s", { content: "Me too" })).toEqual({ kind: "busy", turnId: writer.id });
    expect((await history.info("s"))?.runningTurnId).toBe(writer.id);
    await writer.end("completed");
    expect(await conversation()).toEqual(["user: Hi"]);
  });

  test("cancelling from elsewhere ends it at once, with the text so far", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("Well, ");
    await expect.poll(() => writer.feed.text).toBe("Well, ");
    expect(await elsewhere.cancel("s", writer.id)).toBe(true);
    writer.write("this is too late");
    await expect.poll(() => writer.signal.aborted).toBe(true);
    expect(await writer.end("completed")).toMatchObject({ status: "cancelled", count: 2 });
    expect(await conversation()).toEqual(["user: Hi", "assistant: Well, "]);
    expect(await elsewhere.cancel("s", writer.id)).toBe(false);
  });

  test("a writer that says nothing hears of the end with its next renewal", async () => {
    const { writer } = await begin({ content: "Hi" });
    await elsewhere.cancel("s", writer.id);
    await expect.poll(() => writer.signal.aborted, { timeout: LEASE_MS }).toBe(true);
  });

  test("a lease is renewed by itself for as long as the writer lives", async () => {
    const { writer } = await begin({ content: "Hi" });
    await renewals(7);
    expect(await elsewhere.begin("s", { content: "x" })).toMatchObject({ kind: "busy" });
    expect(await writer.end("completed")).toMatchObject({ status: "completed" });
  });

  test.each<[string, (turnId: string) => Promise<unknown>]>([
    ["beginning the next", () => elsewhere.begin("s", { content: "next" })],
    ["reading it", (turnId) => elsewhere.get("s", turnId)],
    ["following it", (turnId) => collect(elsewhere, turnId)],
    ["cancelling it", (turnId) => elsewhere.cancel("s", turnId)],
    ["looking at the session", () => history.info("s")],
  ])("a dead writer's turn is ended as interrupted, with its text, by %s", async (_, touch) => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("So far");
    await expect.poll(() => writer.feed.text).toBe("So far");
    await abandon(writer);
    await touch(writer.id);
    expect((await conversation()).slice(0, 2)).toEqual(["user: Hi", "assistant: So far"]);
    expect(await elsewhere.get("s", writer.id)).toMatchObject({
      text: "So far",
      record: { status: "interrupted" },
    });
    // The dead one wakes up: it changes nothing any more, and is told so.
    const before = await conversation();
    writer.write(" and on");
    expect(await writer.end("completed")).toMatchObject({ status: "interrupted" });
    expect(await conversation()).toEqual(before);
    expect(writer.feed.text).toBe("So far");
  });

  test("a session that lives shorter than the lease lives for as long as its turn", async () => {
    const { writer } = await begin(
      { content: "Hi" },
      new Turns({ client: redis.client, name, leaseMs: 60_000, ttlSeconds: 1 }),
    );
    await renewals(4);
    writer.write("At last");
    expect(await writer.end("completed")).toMatchObject({ status: "completed", count: 2 });
  });

  test("a follower elsewhere sees a dead writer's turn end", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("So far");
    await expect.poll(() => writer.feed.text).toBe("So far");
    const updates = collect(elsewhere, writer.id);
    await abandon(writer);
    expect((await updates).at(-1)).toMatchObject({ outcome: { status: "interrupted" } });
    expect(textOf(await updates)).toBe("So far");
  });

  test.each([
    [
      "appending a message",
      async () => void (await history.addMessage("s", { role: "user", content: "On" })),
    ],
    ["dropping the newest", async () => void (await history.drop("s"))],
    ["reading the newest", async () => void (await history.getRecent("s"))],
    ["reading all", async () => void (await Array.fromAsync(history.messages("s")))],
    ["renaming the session", async () => void (await history.rename("s", "Title"))],
  ])("%s ends a dead writer's turn first", async (what, touch) => {
    const writer = await deadWriter("Half");
    await touch();
    const said = await redis.command("LRANGE", `${name}:{s}:messages`, "1", "1");
    if (what === "dropping the newest") expect(said).toEqual(["0"]);
    else expect(said).toEqual([expect.stringContaining('"Half"')]);
    expect(await redis.command("HGET", `${name}:{s}:meta`, "turn")).toBeNull();
    await writer.end("completed");
  });

  test("a running turn keeps its session in the owner's list", async () => {
    const { writer } = await begin(
      { content: "Hi" },
      new Turns({ client: redis.client, name, leaseMs: 3000 }),
    );
    const isListed = async () => (await history.listSessions()).sessions.some(({ id }) => id === "s");
    await expect.poll(isListed).toBe(true);
    // As after so long a time that the use of another session has forgotten it.
    const list = `${name}:sessions:{local}:used`;
    expect(Number(await redis.command("ZREM", list, "s"))).toBe(1);
    await expect.poll(isListed).toBe(true);
    await writer.end("completed");
  });

  test("clearing the session cancels its turn", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("So far");
    await expect.poll(() => writer.feed.text).toBe("So far");
    const updates = await elsewhere.follow("s", writer.id);
    await history.clear("s");
    expect((await Array.fromAsync(updates ?? [])).at(-1)).toMatchObject({ outcome: { status: "cancelled" } });
    const next = await begin({ content: "Fresh" }, elsewhere);
    expect(await writer.end("completed")).toMatchObject({ status: "cancelled" });
    await next.writer.end("completed");
    expect(await conversation()).toEqual(["user: Fresh"]);
  });

  test.each([
    ["abc", "abd"],
    ["sha256:a\nb:", "sha256:a\nb"],
    ["", ":"],
  ])(
    "the same idempotency key gives the same turn, another request is refused: %j",
    async (hash, another) => {
      const idempotency = { key: "k:1", requestHash: hash };
      const begun = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 ? turns : elsewhere).begin("s", { content: "Hi", idempotency }),
        ),
      );
      const [first, ...others] = begun.filter(({ kind }) => kind === "begun");
      if (first?.kind !== "begun") throw new Error("none has begun");
      expect(others).toEqual([]);
      await first.writer.end("completed");
      expect(await turns.begin("s", { content: "Hi", idempotency })).toEqual({
        kind: "replay",
        turnId: first.writer.id,
      });
      const other = { key: "k:1", requestHash: another };
      expect(await turns.begin("s", { content: "Ho", idempotency: other })).toEqual({
        kind: "mismatch",
        turnId: first.writer.id,
      });
      expect(await conversation()).toEqual(["user: Hi"]);
    },
  );

  test("a retry runs the last unsuccessful turn anew; what it had shown stays in its record", async () => {
    const first = await begin({ content: "Hi" });
    first.writer.write("Half an ans");
    await first.writer.end("failed");
    const second = await begin({ retryOf: first.writer.id });
    expect(second.messages.map(({ message }) => message.content)).toEqual(["Hi"]);
    await second.writer.end("failed");
    const third = await begin({ retryOf: second.writer.id });
    third.writer.write("A whole answer");
    expect(await third.writer.end("completed")).toMatchObject({ status: "completed", count: 2 });
    expect(await conversation()).toEqual(["user: Hi", "assistant: A whole answer"]);
    expect(await turns.get("s", first.writer.id)).toMatchObject({
      text: "Half an ans",
      record: { status: "failed" },
    });
    expect(await turns.begin("s", { retryOf: third.writer.id })).toEqual({
      kind: "refused",
      reason: "completed",
    });
    expect(await turns.begin("s", { retryOf: first.writer.id })).toEqual({
      kind: "refused",
      reason: "not_last",
    });
    expect(await turns.begin("s", { retryOf: "0".repeat(16) })).toEqual({
      kind: "refused",
      reason: "unknown",
    });
  });

  test("who looks at a retry finds what it would, or why it would be refused, and changes nothing", async () => {
    const history = { maxBytes: 1000, window: "w" };
    const look = (retryOf: string) => turns.peek("s", { history, retryOf });
    const first = await begin({ content: "One" });
    await first.writer.end("completed");
    const second = await begin({ content: "Two" });
    second.writer.write("So far");
    await second.writer.end("failed");
    const before = await conversation();
    const found = await look(second.writer.id);
    expect(await conversation()).toEqual(before);
    expect(found.messages.map(({ message }) => message.content)).toEqual(["One", "Two"]);
    expect(await look(first.writer.id)).toMatchObject({ refused: "completed", messages: [] });
    expect(await look("0".repeat(16))).toMatchObject({ refused: "unknown" });
    const { kind, writer, startedAt, ...begun } = await begin({ retryOf: second.writer.id, history });
    expect(found).toEqual(begun);
    await writer.end("failed");
    await begin({ content: "Three" });
    expect(await look(writer.id)).toMatchObject({ refused: "not_last" });
  });

  test("returns no more history than asked for, and none from before the remembered start", async () => {
    await history.addMessages(
      "s",
      Array.from({ length: 200 }, (_, n) => ({ role: "user", content: `m${n}` })),
    );
    const contents = ({ messages }: { messages: readonly { message: { content: string } }[] }) =>
      messages.map(({ message }) => message.content);
    const bounded = await begin({ content: "now", history: { maxBytes: 1000, window: "w" } });
    expect(bounded).toMatchObject({ rememberedStart: null, complete: false });
    expect(contents(bounded).at(-1)).toBe("now");
    expect(contents(bounded).length).toBeGreaterThan(20);
    expect(contents(bounded).length).toBeLessThan(40);
    expect(bounded.messages[0]?.index).toBe(201 - contents(bounded).length);
    await bounded.writer.end("completed", { context: { window: "w", from: 198 } });
    const again = await begin({ content: "then", history: { maxBytes: 1000, window: "w" } });
    expect(again).toMatchObject({ rememberedStart: 198, complete: true });
    expect(contents(again)).toEqual(["m198", "m199", "now", "then"]);
    await again.writer.end("completed");
    const other = await begin({ content: "last", history: { maxBytes: 100_000, window: "v" } });
    expect(contents(other)).toHaveLength(203);
    await other.writer.end("completed");
  });

  test.each([0, 100])(
    "with %d bytes of history, one item is found behind those that were dropped",
    async (maxBytes) => {
      const contents = ["long ".repeat(100), ...Array<string>(150).fill("short")];
      const added = await history.addMessages(
        "s",
        contents.map((content) => ({ role: "user", content })),
      );
      await history.truncate("s", { from: added[1]?.id ?? "" });
      const { items } = await turns.peek("s", { history: { maxBytes, window: "" } });
      expect(items.map(({ index, item }) => [index, item.content])).toEqual([[0, contents[0]]]);
    },
  );

  test("peeking at a retry finds its message, also where that stands before the remembered start", async () => {
    const failed = await begin({ content: "asked" });
    await failed.writer.end("failed");
    const { writer, messages } = await begin({ content: "later", history: { maxBytes: 0, window: "w" } });
    await writer.end("completed", { context: { window: "w", from: messages[0]?.index ?? 0 } });
    await history.drop("s", messages[0]?.message.id);
    const window = { maxBytes: 100_000, window: "w" };
    const found = await turns.peek("s", { history: window, retryOf: failed.writer.id });
    expect(found.messages.map(({ message }) => message.content)).toEqual(["asked"]);
  });

  test("a turn with a damaged record is an error with a code; a list of records lacks it", async () => {
    const damaged = await begin({ content: "Hi" });
    await damaged.writer.end("failed");
    await redis.command("HSET", `${name}:{s}:turns`, damaged.writer.id, "mine");
    const { writer } = await begin({ content: "Hi again" });
    await writer.end("completed");
    expect(await turns.records("s", [damaged.writer.id, writer.id])).toMatchObject([
      undefined,
      { id: writer.id, status: "completed" },
    ]);
    const error = { name: "MemoryError", code: "damaged" };
    await expect(turns.get("s", damaged.writer.id)).rejects.toMatchObject(error);
    await expect(turns.follow("s", damaged.writer.id)).rejects.toMatchObject(error);
    await expect(turns.begin("s", { retryOf: damaged.writer.id })).rejects.toMatchObject(error);
    expect(await conversation()).toEqual(["user: Hi", "user: Hi again"]);
  });

  test("a turn whose record was deleted still ends", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("So far");
    await expect.poll(() => writer.feed.text).toBe("So far");
    await redis.command("DEL", `${name}:{s}:turns`);
    await abandon(writer);
    const next = await begin({ content: "next" }, elsewhere);
    expect(await next.writer.end("completed")).toMatchObject({ status: "completed" });
    expect(await conversation()).toEqual(["user: Hi", "assistant: So far", "user: next"]);
  });

  test.skipIf(IS_IN_MEMORY)(
    "a user who may not publish writes turns, and followers look by themselves",
    async () => {
      const user = name.replaceAll(":", "-");
      await redis.command("ACL", "SETUSER", user, "on", ">secret", "~*", "resetchannels", "+@all");
      const restricted = await connect({ username: user, password: "secret" });
      try {
        const by = new Turns({ client: restricted.client, name, leaseMs: LEASE_MS });
        const { writer } = await begin({ content: "Hi" }, by);
        const updates = collect(elsewhere, writer.id);
        writer.write("text");
        expect(await writer.end("completed")).toMatchObject({ status: "completed" });
        expect(textOf(await updates)).toBe("text");
        expect(await new MessageHistory({ client: restricted.client, name }).clear("s")).toBe(true);
      } finally {
        await restricted.close();
        await redis.command("ACL", "DELUSER", user);
      }
    },
  );

  test.skipIf(IS_IN_MEMORY)(
    "where nothing can be written, as on a full Redis, a dead writer's session can be read all the same",
    async () => {
      const writer = await deadWriter("Half");
      const user = name.replaceAll(":", "-");
      await redis.command("ACL", "SETUSER", user, "on", ">secret", "~*", "+@all", "-rpush");
      const restricted = await connect({ username: user, password: "secret" });
      try {
        const reader = new MessageHistory({ client: restricted.client, name });
        expect(await reader.getRecent("s")).toMatchObject([{ content: "Hi" }]);
        expect(await Array.fromAsync(reader.messages("s"))).toMatchObject([{ content: "Hi" }]);
        expect(await reader.info("s")).toMatchObject({ count: 1, runningTurnId: writer.id });
        const turn = await new Turns({ client: restricted.client, name }).get("s", writer.id);
        expect(turn).toMatchObject({ text: "Half", record: { status: "running" } });
      } finally {
        await restricted.close();
        await redis.command("ACL", "DELUSER", user);
        await writer.end("completed");
      }
    },
  );

  test("a turn whose end was not heard can be ended again", async () => {
    const { writer } = await begin({ content: "Hi" });
    writer.write("text");
    await writer.end("completed");
    expect(await writer.end("completed")).toMatchObject({ status: "completed", count: 2 });
    expect(await conversation()).toEqual(["user: Hi", "assistant: text"]);
  });

  test.each<[string, BeginOptions]>([
    ["neither content nor retry", {}],
    ["both", { content: "x", retryOf: "y" }],
    ["a negative budget", { content: "x", history: { maxBytes: -1, window: "w" } }],
    ["an empty key", { content: "x", idempotency: { key: "", requestHash: "h" } }],
    ["content that is none", { content: 5 as unknown as string }],
    ["content with half a character", { content: "\ud800" }],
    ["a title that is none", { content: "x", title: 5 as unknown as string }],
    ["a hash that is none", { content: "x", idempotency: { key: "k", requestHash: 5 as unknown as string } }],
    ["a window that is none", { content: "x", history: { maxBytes: 1, window: 5 as unknown as string } }],
    ["what is no JSON", { content: "x", info: (() => {}) as unknown as null }],
  ])("refuses %s", async (_, options) => {
    await expect(turns.begin("s", options)).rejects.toThrow(TypeError);
    expect(await keysOf(redis, name)).toEqual([]);
  });

  test.each(["", "a\nb", 5 as unknown as string])("refuses the turn id %j", async (id) => {
    const history = { maxBytes: 1, window: "w" };
    for (const use of [
      () => turns.get("s", id),
      () => turns.follow("s", id),
      () => turns.cancel("s", id),
      () => turns.peek("s", { history, retryOf: id }),
    ]) {
      await expect(use()).rejects.toThrow(TypeError);
    }
  });

  test("refuses options that are not known", async () => {
    const { writer } = await begin({ content: "Hi" });
    const history = { maxBytes: 1, window: "w" };
    await expect(turns.follow("s", writer.id, { sginal: 1 } as object)).rejects.toThrow(TypeError);
    await expect(turns.peek("s", { history, retry: writer.id } as never)).rejects.toThrow(TypeError);
    await writer.end("completed");
  });

  // Three tenths of the longest would be more than a timer takes, which fires at once then.
  test.each([0, 2 ** 40])("refuses a lease of %d", (leaseMs) => {
    expect(() => new Turns({ client: redis.client, leaseMs })).toThrow(TypeError);
  });
});
