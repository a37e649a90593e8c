import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { items } from "../../test/arbitrary-items.ts";
import type { Connection } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { chatStore } from "../adapters/ai-sdk/index.ts";
import { toAnthropic } from "../adapters/anthropic/index.ts";
import { toChat, toResponses } from "../adapters/openai/index.ts";
import { type Item, MessageHistory, modelWindow, type NewItem, SessionArchive } from "../index.ts";

const LIMIT_MS = 4_000;

let redis: Connection;
let name: string;
let history: MessageHistory;
let archive: SessionArchive;

useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
  history = new MessageHistory({ client: redis.client, name });
  archive = new SessionArchive({ client: redis.client, name });
});

const all = (session = "s") => Array.fromAsync(history.items(session));
const contents = async () => (await all()).map(({ content }) => content);
const add = (...texts: string[]) =>
  history.addMessages(
    "s",
    texts.map((content) => ({ role: "user", content })),
  );
const layout = () => redis.command("HGET", `${name}:{s}:meta`, "v");
/** What was added, as it is to be read. */
const stored = (item: NewItem): object => {
  const [only, ...others] = item.toolCalls ?? [];
  const content = item.content ?? (others.length === 0 ? only?.arguments : undefined) ?? "";
  return { ...item, content };
};

test("any items are read as they were added, exported, imported, forked", async () => {
  await fc.assert(
    fc.asyncProperty(items, async (given) => {
      for (const session of ["s", "fork", "import"]) await history.clear(session);
      const added = await history.addMessages("s", given);
      const found = await all();
      const expected = given.map((item, n) => {
        const { id, createdAt } = added[n] as (typeof added)[number];
        return { ...stored(item), id, createdAt };
      });
      expect(found).toEqual(expected);
      for (const item of found) expect(await history.getItem("s", item.id)).toEqual(item);
      expect(await history.getRecent("s", { k: 100, include: "items" })).toEqual(found);
      expect(await Array.fromAsync(history.messages("s"))).toEqual(found.filter(({ role }) => role));

      const { items: pages } = await archive.read("s");
      const exported = (await Array.fromAsync(pages())).flat();
      expect(exported).toEqual(found);
      await archive.restore("import", { messages: exported.map((item) => item as Item) });
      expect(await all("import")).toEqual(found);
      await archive.fork("s", "fork");
      const withoutIds = (list: readonly Item[]) =>
        list.map((item, n) => ({ ...item, id: given[n]?.id ?? "" }));
      expect(withoutIds(await all("fork"))).toEqual(withoutIds(found));
    }),
    { numRuns: 200, interruptAfterTimeLimit: LIMIT_MS },
  );
});

test("text that is in the content and in the parts is stored once", async () => {
  const text = "Redis keeps the conversation. ".repeat(20);
  const parts = [{ type: "output_text", text, annotations: [] }];
  await history.addMessage("s", { role: "assistant", content: text, parts });
  await history.addMessage("s", {
    type: "function_call",
    toolCalls: [{ id: "call_1", name: "search", arguments: text }],
    parts: { type: "function_call", call_id: "call_1", name: "search", arguments: text },
  });
  const records = (await redis.command("LRANGE", `${name}:{s}:messages`, "0", "-1")) as string[];
  for (const record of records) expect(record.split(text)).toHaveLength(2);
  expect((await all()).map((item) => item.parts)).toEqual([
    parts,
    { type: "function_call", call_id: "call_1", name: "search", arguments: text },
  ]);
});

test("a session keeps layout 1 until it has an item that needs layout 2", async () => {
  await add("a");
  expect(await layout()).toBe("1");
  await history.addMessage("s", { role: "developer", content: "b" });
  expect(await layout()).toBe("2");
  await history.clear("s");
  const [{ id = "" } = {}] = await add("a");
  await history.updateMessage("s", id, { parts: ["a"] });
  expect(await layout()).toBe("2");
  await archive.fork("s", "fork");
  expect(await redis.command("HGET", `${name}:{fork}:meta`, "v")).toBe("2");
});

test.each<[string, unknown]>([
  ["an unknown field", { role: "user", content: "x", tool_calls: [] }],
  ["a role and a type", { role: "user", type: "reasoning", content: "x" }],
  ["a type that is a role", { type: "user", content: "x" }],
  ["the type of a message", { type: "message", content: "x" }],
  ["a type with a quotation mark", { type: 'a"b' }],
  ["parts that are not JSON", { role: "user", content: "x", parts: [undefined] }],
  [
    "a tool call with an unknown field",
    { type: "call", toolCalls: [{ id: "", name: "", arguments: "", type: "" }] },
  ],
])("refuses %s", async (_, item) => {
  await expect(history.addMessage("s", item as NewItem)).rejects.toThrow(TypeError);
});

test("an item is changed where it stands; its id, time and turn stay", async () => {
  await add("a", "b", "c");
  const [, before] = await all();
  const id = before?.id ?? "";
  const changed = await history.updateMessage("s", id, { content: "B", metadata: { approved: true } });
  expect(changed).toEqual({ ...before, content: "B", metadata: { approved: true } });
  expect(await contents()).toEqual(["a", "B", "c"]);
  expect(await history.getItem("s", id)).toEqual(changed);
  expect(await history.updateMessage("s", "unknown", { content: "x" })).toBeNull();
  await expect(history.updateMessage("s", id, { id: "x" } as object)).rejects.toThrow(TypeError);
});

test("changes at the same time are all made", async () => {
  const [{ id = "" } = {}] = await add("");
  const letters = [..."abcdefghij"];
  await Promise.all(
    letters.map((letter) => history.updateMessage("s", id, ({ content }) => ({ content: content + letter }))),
  );
  expect([...(await contents()).join("")].sort()).toEqual(letters);
});

test("truncating removes an item and all that follow; ids that are gone are not used again", async () => {
  const added = await add("a", "b", "c");
  expect(await history.truncate("s", { from: added[1]?.id ?? "" })).toBe(2);
  expect(await contents()).toEqual(["a"]);
  expect(await history.count("s")).toBe(1);
  const [next] = await add("d");
  expect(added.map(({ id }) => id)).not.toContain(next?.id);
  expect(await history.getItem("s", added[1]?.id ?? "")).toBeNull();
  expect(await history.truncate("s", { from: added[1]?.id ?? "" })).toBeNull();
});

test("the end is replaced: what keeps its id keeps its position, other ids may be used again", async () => {
  await history.addMessages(
    "s",
    ["a", "b", "c", "d"].map((id) => ({ role: "user", content: id, id })),
  );
  const replaced = await history.replaceFrom("s", "b", [
    { role: "user", content: "B", id: "b" },
    { role: "user", content: "D", id: "d" },
    { role: "user", content: "e" },
    { role: "user", content: "C", id: "c" },
  ]);
  expect(replaced?.map(({ count }) => count)).toEqual([2, 3, 4, 5]);
  expect(await contents()).toEqual(["a", "B", "D", "e", "C"]);
  const found = await all();
  expect(found.map(({ id }) => id)).toEqual(["a", ...(replaced ?? []).map(({ id }) => id)]);
  for (const item of found) expect(await history.getItem("s", item.id)).toEqual(item);
  expect(await redis.command("LINDEX", `${name}:{s}:messages`, "1")).toContain('"B"');
  await expect(
    history.replaceFrom("s", "d", [{ role: "user", content: "x", id: "a" }]),
  ).rejects.toMatchObject({ code: "duplicate_id" });
  expect(await contents()).toEqual(["a", "B", "D", "e", "C"]);
  expect(await history.replaceFrom("s", "unknown", [])).toBeNull();
});

test("a reader at the same time sees the end before or after a replacement", async () => {
  const message = (content: string) => ({ role: "user", content }) as const;
  let [{ id = "" } = {}] = await history.addMessages("s", ["0", "0", "0"].map(message));
  let writing = true;
  const seen = (async () => {
    const views = new Set<string>();
    while (writing)
      views.add((await history.getRecent("s", { k: 10 })).map(({ content }) => content).join(""));
    return views;
  })();
  for (let round = 1; round < 10; round++) {
    [{ id = "" } = {}] = (await history.replaceFrom("s", id, Array(3).fill(message(`${round}`)))) ?? [];
  }
  writing = false;
  for (const view of await seen) expect(view).toMatch(/^(\d)\1\1$/);
});

test("the newest item is popped, by one caller each", async () => {
  await add("a", "b", "c");
  const popped = await Promise.all(Array.from({ length: 5 }, () => history.pop("s")));
  expect(popped.map((item) => item?.content ?? null).sort()).toEqual(["a", "b", "c", null, null]);
});

test("session metadata is compared and set", async () => {
  expect(await history.setMetadata("s", { a: [] }, { ifVersion: 0 })).toBe(1);
  expect(await history.info("s")).toMatchObject({ count: 0, metadata: { a: [] }, metadataVersion: 1 });
  const tries = await Promise.allSettled([1, 2, 3].map((n) => history.setMetadata("s", n, { ifVersion: 1 })));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(tries.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "conflict" } });
  expect(await history.setMetadata("s", "x")).toBe(3);
  await expect(history.setMetadata("s", "x".repeat(70_000))).rejects.toThrow(TypeError);
  await archive.fork("s", "fork");
  expect(await history.info("fork")).toMatchObject({ metadata: "x" });
  await archive.restore("import", { messages: [], metadata: { b: 1 } });
  expect(await history.info("import")).toMatchObject({ metadata: { b: 1 }, metadataVersion: 1 });
});

test("reading on fails when the session is gone meanwhile", async () => {
  await history.addMessages("s", Array(1_000).fill({ role: "user", content: "x" }));
  const reading = history.messages("s");
  await reading.next();
  await history.clear("s");
  await expect(Array.fromAsync(reading)).rejects.toMatchObject({ code: "unknown_session" });
});

test("metadata and parts have the types of the history", async () => {
  interface Metadata {
    channel: string;
  }
  const typed = new MessageHistory<{ metadata: Metadata; parts: { text: string }[] }>({
    client: redis.client,
    name,
  });
  await typed.addMessage("s", { role: "user", content: "x", metadata: { channel: "web" }, parts: [] });
  // @ts-expect-error the metadata has another type
  await typed.addMessage("s", { role: "user", content: "x", metadata: { chanel: "web" } });
  const [message] = await typed.getRecent("s", { k: 1 });
  expectTypeOf(message?.metadata).toEqualTypeOf<Metadata | undefined>();
  const [item] = await typed.getRecent("s", { for: "model" });
  expectTypeOf(item?.parts).toEqualTypeOf<{ text: string }[] | undefined>();
  const items = await typed.getRecent("s", { include: "items" });
  expectTypeOf(modelWindow(items).items).toEqualTypeOf<typeof items>();
  for (const convert of [toChat, toResponses]) {
    expect(convert(items.slice(0, 1))).toEqual([{ role: "user", content: "x" }]);
  }
  expect(toAnthropic(items.slice(0, 1)).messages).toEqual([
    { role: "user", content: [{ type: "text", text: "x" }] },
  ]);
  expect((await chatStore(typed).load("s"))[0]?.parts).toEqual([{ type: "text", text: "x" }]);
});
