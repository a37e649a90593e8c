import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { item as arbitraryItem } from "../../test/arbitrary-items.ts";
import type { Connection } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import {
  type BeginOptions,
  type Item,
  MessageHistory,
  type NewItem,
  SessionArchive,
  type TurnEnd,
  Turns,
  type TurnUpdate,
  type TurnWriter,
} from "../index.ts";

const LIMIT_MS = 4_000;

let redis: Connection;
let name: string;
let turns: Turns;
/** Another process, as far as Redis can tell. */
let elsewhere: Turns;
let history: MessageHistory;

useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
  const { client, subscriber } = redis;
  turns = new Turns({ client, subscriber, name });
  elsewhere = new Turns({ client, subscriber, name });
  history = new MessageHistory({ client, name });
});

async function begin(options: BeginOptions = { content: "Hi" }, by = turns): Promise<TurnWriter> {
  const begun = await by.begin("s", options);
  if (begun.kind !== "begun") throw new Error(`not begun but ${begun.kind}`);
  return begun.writer;
}
const follow = async (by: Turns, turnId: string, from = 0) =>
  Array.fromAsync((await by.follow("s", turnId, { from })) ?? []);
const all = () => Array.fromAsync(history.items("s"));
/** Items without what Redis gives them. */
const plain = (items: readonly (Item | NewItem)[]) =>
  items.map((item) => {
    const { createdAt, turnId, ...rest } = item as Item;
    return rest.id.startsWith(`${epochOf(item as Item)}-`) ? { ...rest, id: undefined } : rest;
  });
const epochOf = ({ id }: Item) => /^([0-9a-f]{8})-\d+$/.exec(id)?.[1] ?? "none";
/** Updates with their pieces of text put together, without the time of the end, which a writer that lost its turn has not. */
function joined(updates: readonly TurnUpdate[]) {
  const result: (TurnUpdate | { type: string; text: string })[] = [];
  for (const { length, ...update } of structuredClone(updates) as (TurnUpdate & { text?: string })[]) {
    if (update.type === "end") delete (update.outcome as { endedAt?: Date }).endedAt;
    const last = result.at(-1) as { type: string; text: string } | undefined;
    if (update.text !== undefined && last?.type === update.type) last.text += update.text;
    else result.push({ ...update } as TurnUpdate);
  }
  return result;
}

describe("output items", () => {
  test("a message that is begun by its text keeps parts that have this text", async () => {
    const writer = await begin();
    writer.startItem({ type: "reasoning" });
    writer.finishItem();
    const [text, more] = ["The first piece of a long message", ", and the second piece of it."];
    writer.write(text);
    writer.write(more);
    const parts = [text, more].map((piece) => ({ type: "output_text", text: piece }));
    writer.finishItem({ parts });
    await writer.end("completed");
    expect((await all()).at(-1)).toMatchObject({ content: text + more, parts });
  });

  test("a message's metadata is known from its beginning, live and afterwards", async () => {
    const writer = await begin();
    const live = follow(elsewhere, writer.id);
    writer.startItem({ role: "assistant", metadata: { phase: "commentary" } });
    writer.write("Let me look.");
    writer.addItem({ role: "assistant", content: "Noon.", metadata: { phase: "final_answer" } });
    await writer.end("completed");
    const [commentary, answer] = ["commentary", "final_answer"].map((phase) => ({
      role: "assistant",
      content: "",
      metadata: { phase },
    }));
    const updates = [
      { type: "item", item: commentary },
      { type: "text", text: "Let me look." },
      { type: "item_done", item: { ...commentary, content: "Let me look." } },
      { type: "item", item: answer },
      { type: "text", text: "Noon." },
      { type: "item_done", item: { ...answer, content: "Noon." } },
      { type: "end", outcome: { status: "completed", count: 3 } },
    ];
    expect(joined(await live)).toEqual(updates);
    expect(joined(await follow(elsewhere, writer.id))).toMatchObject(updates);
    expect(writer.feed.text).toBe("Let me look.\n\nNoon.");
  });

  test("reasoning, text and a function call come typed and in order, and are stored as items", async () => {
    const writer = await begin();
    const live = follow(elsewhere, writer.id);
    writer.startItem({ type: "reasoning", id: "rs_1" });
    writer.write("They want ");
    writer.write("the time.");
    writer.finishItem({ parts: { summary: "They want the time.", encrypted_content: "xyz" } });
    writer.write("Let me look.");
    writer.startItem({ type: "function_call", id: "fc_1", toolCall: { id: "call_1", name: "now" } });
    writer.write('{"zone":');
    writer.write('"UTC"}');
    expect(await writer.end("completed")).toMatchObject({ status: "completed", count: 4 });

    expect(joined(await live)).toEqual([
      { type: "item", item: { type: "reasoning", id: "rs_1", content: "" } },
      { type: "reasoning", text: "They want the time." },
      {
        type: "item_done",
        item: {
          type: "reasoning",
          id: "rs_1",
          content: "They want the time.",
          parts: { summary: "They want the time.", encrypted_content: "xyz" },
        },
      },
      { type: "item", item: { role: "assistant", content: "" } },
      { type: "text", text: "Let me look." },
      { type: "item_done", item: { role: "assistant", content: "Let me look." } },
      {
        type: "item",
        item: {
          type: "function_call",
          id: "fc_1",
          content: "",
          toolCalls: [{ id: "call_1", name: "now", arguments: "" }],
        },
      },
      { type: "arguments", text: '{"zone":"UTC"}' },
      {
        type: "item_done",
        item: {
          type: "function_call",
          id: "fc_1",
          content: '{"zone":"UTC"}',
          toolCalls: [{ id: "call_1", name: "now", arguments: '{"zone":"UTC"}' }],
        },
      },
      { type: "end", outcome: { status: "completed", count: 4 } },
    ]);
    const found = await all();
    expect(found.map(({ type, role, content }) => [type ?? role, content])).toEqual([
      ["user", "Hi"],
      ["reasoning", "They want the time."],
      ["assistant", "Let me look."],
      ["function_call", '{"zone":"UTC"}'],
    ]);
    expect(await history.getItem("s", "fc_1")).toEqual(found[3]);
    expect(found.map(({ turnId }) => turnId)).toEqual(Array(4).fill(writer.id));
    const turn = await turns.get("s", writer.id);
    expect(turn).toMatchObject({
      text: "Let me look.",
      record: { userIndex: 0, answerIndex: 1, inputCount: 1, outputCount: 3 },
    });
    expect(turn?.items.map(({ content }) => content)).toEqual(found.slice(1).map(({ content }) => content));
  });

  /** What a writer does: plain text, or a whole item. */
  const text = fc.string({ unit: "binary", maxLength: 12 }).map((string) => string.toWellFormed());
  const action = fc.oneof(
    { weight: 2, arbitrary: text.map((string) => ({ write: string })) },
    arbitraryItem.map(({ createdAt: _, ...item }) => ({ add: item as NewItem })),
    fc.constant({ write: "\uFDD0 a mark\uFDD0\n" }),
    fc.constant({ flush: true }),
  );

  test("any output is followed from every position, here and elsewhere, during and after, and stored", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 6 }),
        fc.constantFrom<TurnEnd | "dies">("completed", "failed", "dies"),
        async (actions, end) => {
          await history.clear("s");
          const by = new Turns({ client: redis.client, name, leaseMs: 600_000 });
          const writer = await begin({ content: "Hi" }, by);
          const live = [follow(by, writer.id), follow(elsewhere, writer.id)];
          const expected: object[] = [];
          let isPlain = false;
          for (const { write, add } of actions as { write?: string; add?: NewItem }[]) {
            if (write !== undefined) {
              writer.write(write);
              const last = expected.at(-1) as { content: string } | undefined;
              if (write === "" && expected.length === 0) continue;
              if (isPlain && last) last.content += write;
              else expected.push({ role: "assistant", content: write });
              isPlain = true;
            } else if (add !== undefined) {
              writer.addItem(add);
              const [only, ...others] = add.toolCalls ?? [];
              const content = add.content ?? (others.length === 0 ? only?.arguments : undefined) ?? "";
              expected.push({ ...add, content });
              isPlain = false;
            } else {
              const { length } = writer.feed;
              if (actions.length > 1)
                await expect.poll(() => writer.feed.length).toBeGreaterThanOrEqual(length);
            }
          }
          if (end === "dies") {
            await redis.command("HSET", `${name}:{s}:meta`, "lease", "600");
            await history.info("s");
            await writer.end("completed");
          } else {
            await writer.end(end);
          }
          const stored = (await all()).slice(1);
          if (end === "dies") {
            // What Redis had not acknowledged is gone; what it had is there, the last item perhaps in part.
            expect(stored.length).toBeLessThanOrEqual(expected.length);
            expect(plain(stored.slice(0, -1))).toEqual(
              expected.slice(0, Math.max(0, stored.length - 1)).map((item) => ({ id: undefined, ...item })),
            );
          } else {
            expect(plain(stored)).toEqual(expected.map((item) => ({ id: undefined, ...item })));
          }

          const after = await follow(turns, writer.id);
          for (const updates of await Promise.all(live)) expect(joined(updates)).toEqual(joined(after));
          const positions = [0, ...after.map(({ length }) => length)];
          expect(positions).toEqual([...positions].sort((a, b) => a - b));
          for (const from of positions.slice(0, -1)) {
            const rest = await follow(turns, writer.id, from);
            const known = after.filter(({ length }) => length > from);
            expect(joined(rest).slice(0, -1)).toEqual(joined(known).slice(0, joined(rest).length - 1));
          }
        },
      ),
      { numRuns: 200, interruptAfterTimeLimit: LIMIT_MS },
    );
  });

  test("a session with a mark in its log is one that only layout 2 can read", async () => {
    const writer = await begin();
    writer.write("plain");
    await expect.poll(() => writer.feed.length).toBe(5);
    expect(await redis.command("HGET", `${name}:{s}:meta`, "v")).toBe("1");
    writer.startItem({ type: "reasoning" });
    await expect.poll(() => writer.feed.length).toBe(6);
    expect(await redis.command("HGET", `${name}:{s}:meta`, "v")).toBe("2");
    await writer.end("completed");
  });

  test.each(["\uFDD0+reasoning {bad\nHm", "\uFDD0+reasoning", "Hm\uFDD0"])(
    "the damaged log %j is an error with a code for its readers",
    async (log) => {
      const writer = await begin();
      await redis.command("SET", `${name}:{s}:log`, log);
      const error = { name: "MemoryError", code: "damaged" };
      await expect(elsewhere.get("s", writer.id)).rejects.toMatchObject(error);
      await expect(follow(elsewhere, writer.id)).rejects.toMatchObject(error);
      await history.clear("s");
      expect(await writer.end("completed")).toMatchObject({ status: "cancelled" });
    },
  );

  test("an id that is in use is not given twice", async () => {
    await history.addMessage("s", { role: "user", content: "x", id: "taken" });
    const writer = await begin();
    writer.addItem({ type: "reasoning", id: "taken", content: "a" });
    writer.addItem({ type: "reasoning", id: "free", content: "b" });
    writer.addItem({ type: "reasoning", id: "free", content: "c" });
    await writer.end("completed");
    expect((await history.getItem("s", "taken"))?.content).toBe("x");
    expect((await history.getItem("s", "free"))?.content).toBe("b");
    const found = await all();
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
    for (const item of found) expect(await history.getItem("s", item.id)).toEqual(item);
  });

  test("a retry replaces all output items; they stay in the record, also in an archive", async () => {
    const writer = await begin();
    writer.addItem({ type: "reasoning", id: "rs_1", content: "Hm." });
    writer.write("Half");
    await writer.end("failed");
    const retry = await begin({ retryOf: writer.id });
    retry.write("Whole");
    await retry.end("completed");
    expect((await all()).map(({ content }) => content)).toEqual(["Hi", "Whole"]);
    expect(await history.getItem("s", "rs_1")).toBeNull();
    const replaced = await turns.get("s", writer.id);
    expect(replaced?.items.map(({ content }) => content)).toEqual(["Hm.", "Half"]);

    const archive = new SessionArchive({ client: redis.client, name });
    const { items, turns: ended } = await archive.read("s");
    const exported = (await Array.fromAsync(ended())).flat();
    expect(exported[0]).toMatchObject({ replacedText: "Half", replacedItems: [{ type: "reasoning" }, {}] });
    await archive.restore("copy", {
      messages: (await Array.fromAsync(items())).flat(),
      turns: exported,
    });
    const restored = (await archive.read("copy")).turns();
    expect((await Array.fromAsync(restored)).flat()).toEqual(exported);
  });
});

describe("input items", () => {
  test("several items begin a turn, with their ids, parts and calls", async () => {
    const input: NewItem[] = [
      { type: "function_call_output", toolCallId: "call_1", content: "12:00", id: "fco_1" },
      { role: "user", content: "And?", parts: [{ type: "input_text", text: "And?" }] },
    ];
    const begun = await turns.begin("s", { message: input, history: { maxBytes: 10_000, window: "w" } });
    if (begun.kind !== "begun") throw new Error(begun.kind);
    expect(begun.count).toBe(2);
    expect(begun.items.map(({ item }) => item)).toMatchObject(input);
    begun.writer.write("Noon.");
    await begun.writer.end("completed");
    expect(await turns.get("s", begun.writer.id)).toMatchObject({
      record: { userIndex: 1, inputCount: 2, answerIndex: 2, outputCount: 1 },
    });
    expect((await history.getItem("s", "fco_1"))?.content).toBe("12:00");
  });

  test("the same message id gives the same turn, while it runs and after", async () => {
    const message = { role: "user", content: "Hi", id: "msg_1" } as const;
    const writer = await begin({ message });
    const replay = { kind: "replay", turnId: writer.id };
    expect(await elsewhere.begin("s", { message })).toEqual(replay);
    await writer.end("completed");
    expect(await elsewhere.begin("s", { message })).toEqual(replay);
    await history.addMessage("s", { role: "user", content: "x", id: "other" });
    await expect(turns.begin("s", { message: { ...message, id: "other" } })).rejects.toMatchObject({
      code: "duplicate_id",
    });
  });

  test("a fork ends before all input of a running turn", async () => {
    await history.addMessage("s", { role: "user", content: "first" });
    const writer = await begin({ message: [{ type: "a" }, { role: "user", content: "second" }] });
    await new SessionArchive({ client: redis.client, name }).fork("s", "fork");
    const forked = await Array.fromAsync(history.items("fork"));
    expect(forked.map(({ content }) => content)).toEqual(["first"]);
    await writer.end("completed");
  });
});

describe("a message apart from what was written", () => {
  test("is stored, while what was written can be followed until the next turn", async () => {
    const writer = await begin();
    const remote = follow(elsewhere, writer.id);
    writer.write('{"type":"text-delta"}\n');
    const message = { role: "assistant", content: "Hello", id: "msg_2", parts: [{ text: "Hello" }] } as const;
    expect(await writer.end("completed", { message })).toMatchObject({ status: "completed", count: 2 });
    expect((await all())[1]).toMatchObject(message);
    for (const updates of [await remote, await follow(turns, writer.id)]) {
      expect(joined(updates)[0]).toEqual({ type: "text", text: '{"type":"text-delta"}\n' });
    }
    expect(await turns.get("s", writer.id)).toMatchObject({ text: "Hello", items: [message] });
    const next = await begin({ content: "Next" });
    expect(joined(await follow(turns, writer.id)).map(({ type }) => type)).toEqual([
      "item",
      "text",
      "item_done",
      "end",
    ]);
    next.write("x");
    await next.end("completed");
    expect(await redis.command("EXISTS", `${name}:{s}:log`)).toBe(0);
  });

  test("of two items with one id both are stored, and the first has it", async () => {
    const writer = await begin();
    const message = ["one", "two"].map((content) => ({ role: "assistant" as const, content, id: "same" }));
    expect(await writer.end("completed", { message })).toMatchObject({ status: "completed", count: 3 });
    expect((await all()).map(({ content }) => content)).toEqual(["Hi", "one", "two"]);
    expect((await history.getItem("s", "same"))?.content).toBe("one");
  });

  test("has 1,000 items at most", async () => {
    const items = (length: number): NewItem[] =>
      Array.from({ length }, () => ({ role: "assistant", content: "Hello" }));
    const writer = await begin();
    expect(await writer.end("completed", { message: items(1_000) })).toMatchObject({ count: 1_001 });
    const other = await begin();
    await expect(other.end("completed", { message: items(1_001) })).rejects.toThrow("1000 items at most");
    expect(await history.count("s")).toBe(1_002);
  });
});

describe("a turn that is not ended by its writer", () => {
  test("run ends it as completed, and as failed if an error is thrown", async () => {
    const ran = await turns.run("s", { content: "Hi" }, async (writer, { count }) => {
      writer.write("Hello");
      return count;
    });
    expect(ran).toMatchObject({ kind: "ended", outcome: { status: "completed", count: 2 }, result: 1 });
    const failing = turns.run("s", { content: "Hi" }, async (writer) => {
      writer.write("Half");
      throw new Error("The model is gone");
    });
    await expect(failing).rejects.toThrow("The model is gone");
    expect(await history.info("s")).toMatchObject({ runningTurnId: null, count: 4 });
  });

  test("run returns the outcome if the turn was cancelled", async () => {
    const ran = await turns.run("s", { content: "Hi" }, async (writer) => {
      await elsewhere.cancel("s", writer.id);
      writer.write("too late");
      await expect.poll(() => writer.signal.aborted).toBe(true);
      throw writer.signal.reason;
    });
    expect(ran).toMatchObject({ kind: "ended", outcome: { status: "cancelled" } });
  });

  test("run returns why it was not begun", async () => {
    const writer = await begin();
    expect(await turns.run("s", { content: "x" }, async () => {})).toEqual({
      kind: "busy",
      turnId: writer.id,
    });
    await writer.end("completed");
  });

  test("leaving its scope ends it as failed", async () => {
    let id = "";
    {
      await using writer = await begin();
      id = writer.id;
    }
    expect(await turns.get("s", id)).toMatchObject({ record: { status: "failed" } });
  });

  test("is ended as interrupted when it was idle for too long", async () => {
    const idle = new Turns({ client: redis.client, name, leaseMs: 300, maxIdleMs: 1 });
    const writer = await begin({ content: "Hi" }, idle);
    const aborted = vi.fn();
    writer.signal.addEventListener("abort", aborted);
    await expect.poll(() => aborted.mock.calls.length).toBe(1);
    expect(String(writer.signal.reason)).toContain("Nothing was written for 1 ms");
    expect(await turns.get("s", writer.id)).toMatchObject({ record: { status: "interrupted" } });
    await (await begin()).end("completed");
  });
});

describe("wrong arguments of a writer", () => {
  test.each<[string, (writer: TurnWriter) => unknown]>([
    ["text that is not a string", (writer) => writer.write(undefined as unknown as string)],
    ["info that is not JSON", (writer) => writer.describe(new Date() as unknown as null)],
    ["an unknown status", (writer) => writer.end("done" as TurnEnd)],
    ["info of an end that is not JSON", (writer) => writer.end("completed", { info: 1n as unknown as null })],
    ["an unknown option of the end", (writer) => writer.end("completed", { tokens: 3 } as object)],
    ["a wrong message", (writer) => writer.end("completed", { message: { role: "user" } as NewItem })],
    ["an item with a wrong type", (writer) => writer.startItem({ type: "user" })],
    ["finishing what was not begun", (writer) => writer.finishItem()],
  ])("%s", async (what, use) => {
    const writer = await begin();
    await expect((async () => use(writer))()).rejects.toThrow(TypeError);
    // A turn that was to end has ended.
    const status =
      what.includes("end") || what.includes("status") || what.includes("message") ? "failed" : "completed";
    expect(await writer.end("completed")).toMatchObject({ status, count: 1 });
    expect(await turns.get("s", writer.id)).toMatchObject({ record: { status, info: null } });
  });
});
