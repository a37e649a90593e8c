import { expect, test } from "vitest";
import type { Connection } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { type Item, MessageHistory } from "../index.ts";

let redis: Connection;
let name: string;
useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
});

function start() {
  return new MessageHistory({ client: redis.client, name, ttlSeconds: 60, recall: true });
}

const RIVER = "We walked along the river and looked at many boats. ";
const FACT = "The badger of our neighbours is called Bruno. ";
// A token for each word.
const countTokens = ({ content }: Item) => content.split(/\s+/).filter(Boolean).length;
const options = { maxTokens: 200, countTokens, minCoverage: 0 };
const QUESTION = "What is the badger called?";

test("a turn that is longer than the room is returned by its best passage", async () => {
  const history = start();
  const content = RIVER.repeat(10) + FACT + RIVER.repeat(40);
  await history.store("s", "Tell me about your day", content);
  const { hits, messages } = await history.search("s", QUESTION, options);
  const [hit] = hits;
  expect(messages).toHaveLength(1);
  expect(hit).toMatchObject({ from: 0, to: 2, passage: { index: 1 } });
  const { from = 0, to = 0 } = hit?.passage ?? {};
  expect(messages[0]?.content).toBe(content.slice(from, to));
  expect(messages[0]?.content.startsWith(FACT.trim())).toBe(true);
  expect(countTokens(messages[0] as Item)).toBeLessThanOrEqual(120);
  // The stored message is as it was.
  expect((await history.getRecent("s"))[1]?.content).toBe(content);
});

test("a turn that would fit alone is returned whole, or not at all", async () => {
  const history = start();
  await history.store("s", "A badger, a badger, a badger", "Yes");
  await history.store("s", `${RIVER.repeat(15)} badger`, "Ok");
  const { hits } = await history.search("s", "badger", { ...options, maxTokens: 155 });
  expect(hits).toHaveLength(1);
  expect(hits[0]?.passage).toBeUndefined();
});

test.each([
  ["one endless word", `${"x".repeat(9000)} badger ${"y".repeat(9000)}`],
  ["no sentence ends", `${"river boat ".repeat(300)} badger ${"river boat ".repeat(300)}`],
  ["line breaks only", `${"river\n".repeat(500)}badger\n${"river\n".repeat(500)}`],
  ["emoji", `${"🎉".repeat(3000)} badger ${"🎉".repeat(3000)}`],
  ["Japanese", `${"川を歩いた。".repeat(200)}badgerはここです。${"川を歩いた。".repeat(200)}`],
])("a passage of a text with %s is part of it and fits", async (_, content) => {
  const history = start();
  await history.store("s", "Hm", content);
  const { hits } = await history.search("s", "badger", {
    maxTokens: 200,
    countTokens: (item) => Math.ceil(item.content.length / 4),
    minCoverage: 0,
  });
  for (const { messages, passage } of hits) {
    expect(content).toContain(messages[0]?.content);
    expect(messages[0]?.content.isWellFormed()).toBe(true);
    expect(messages[0]?.content.length).toBeLessThanOrEqual(480);
    expect(messages[0]?.content).toBe(content.slice(passage?.from, passage?.to));
  }
});

test("a call and its output are not cut", async () => {
  const history = start();
  await history.addMessages("s", [
    { role: "user", content: "Look it up" },
    { role: "assistant", content: "", toolCalls: [{ id: "c", name: "find", arguments: RIVER.repeat(50) }] },
    { role: "tool", toolCallId: "c", content: RIVER.repeat(50) + FACT },
  ]);
  expect((await history.search("s", QUESTION, options)).hits).toEqual([]);
});

test("a message of 1 MB gives a passage", async () => {
  const history = start();
  await history.store("s", "Tell me", FACT + RIVER.repeat(20_000));
  const { messages } = await history.search("s", QUESTION, options);
  expect(messages[0]?.content).toContain("Bruno");
});
