import { expect, test } from "vitest";
import { type Connection, keysOf } from "../../test/redis.ts";
import { useRedis } from "../../test/use-redis.ts";
import { type BeginOptions, MessageHistory, Turns } from "../index.ts";

let redis: Connection;
let name: string;
let turns: Turns;
let history: MessageHistory;

useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
  turns = new Turns({ client: redis.client, name });
  history = new MessageHistory({ client: redis.client, name });
});

const begin = async (options: BeginOptions) => {
  const begun = await turns.begin("s", options);
  if (begun.kind !== "begun") throw new Error(`not begun but ${begun.kind}`);
  return begun;
};
const contents = async () => (await Array.fromAsync(history.items("s"))).map(({ content }) => content);

const INPUT = [
  { role: "user", content: 'the same, "turn":"x"', metadata: { a: 1 } },
  { role: "user", content: "ü" },
] as const;

test.each(["failed", "cancelled", "interrupted"] as const)(
  "the same input after a turn that is %s without output is not added again",
  async (end) => {
    const first = await begin({ message: INPUT });
    await first.writer.end(end);
    const again = await begin({ message: INPUT, retrySame: true, history: { maxBytes: 9999, window: "" } });
    expect(again.items.map(({ item }) => item.content)).toEqual(INPUT.map(({ content }) => content));
    again.writer.write("Answer");
    await again.writer.end("completed");
    expect(await contents()).toEqual([...INPUT.map(({ content }) => content), "Answer"]);
    const [record] = await turns.records("s", [again.writer.id]);
    expect(record).toMatchObject({ inputCount: 2, userIndex: 1, answerIndex: 2 });
    expect(again.writer.id).not.toBe(first.writer.id);
  },
);

test("another input, one after an answer, and one that may be meant twice are added", async () => {
  await (await begin({ message: INPUT })).writer.end("failed");
  await (await begin({ message: [INPUT[0]], retrySame: true })).writer.end("failed");
  await (await begin({ message: [INPUT[0]] })).writer.end("completed");
  await (await begin({ message: [INPUT[0]], retrySame: true })).writer.end("failed");
  const cut = await begin({ message: [INPUT[1]], retrySame: true });
  cut.writer.write("some");
  await cut.writer.end("failed");
  await (await begin({ message: [INPUT[1]], retrySame: true })).writer.end("completed");
  const [a, b] = INPUT.map(({ content }) => content);
  expect(await contents()).toEqual([a, b, a, a, a, b, "some", b]);
});

test("inputs of which only metadata named turn differ are not the same", async () => {
  const input = (turn: string) => ({ role: "user", content: "Pass", metadata: { turn } }) as const;
  await (await begin({ message: input("white") })).writer.end("failed");
  await (await begin({ message: input("black"), retrySame: true })).writer.end("failed");
  await history.addMessage("s", input("white"));
  await (await begin({ message: input("black"), retrySame: true })).writer.end("failed");
  const found = await Array.fromAsync(history.messages("s"));
  expect(found.map(({ metadata }) => metadata)).toEqual(
    ["white", "black", "white", "black"].map((turn) => ({ turn })),
  );
});

test("a turn that is taken back leaves no trace of itself", async () => {
  await history.create("s", { items: [{ role: "user", content: "before" }], ttlSeconds: 77 });
  const fields = () => redis.command("HGETALL", `${name}:{s}:meta`);
  const key = { key: "k", requestHash: "sha256:h" };
  const { writer } = await begin({ message: INPUT, idempotency: key });
  await writer.discard();
  expect(await contents()).toEqual(["before"]);
  expect(await turns.get("s", writer.id)).toBeNull();
  expect(await fields()).not.toContain("turn");
  expect(await writer.end("completed")).toMatchObject({ status: "cancelled" });
  const again = await begin({ message: INPUT, idempotency: key });
  await again.writer.end("failed");
  const retry = await begin({ message: INPUT, retrySame: true });
  await retry.writer.discard();
  expect(await contents()).toEqual(["before", ...INPUT.map(({ content }) => content)]);
  expect((await keysOf(redis, name)).some((found) => found.endsWith(":log"))).toBe(false);
});

test("a session is created with all that it has, once", async () => {
  const items = [
    { role: "user", content: "Hi", id: "mine" },
    { type: "reasoning", content: "…" },
  ] as const;
  const created = await history.create("s", { items, metadata: { a: "b" }, ttlSeconds: 1000 });
  expect(created.added).toMatchObject([{ id: "mine", count: 1 }, { count: 2 }]);
  const info = await history.info("s");
  expect(info).toMatchObject({ metadata: { a: "b" }, metadataVersion: 1, count: 2, ttlSeconds: 1000 });
  expect(info?.createdAt).toEqual(created.createdAt);
  expect((await history.getItem("s", "mine"))?.content).toBe("Hi");
  await expect(history.create("s", { items })).rejects.toMatchObject({ code: "session_exists" });
  expect((await history.listSessions()).sessions.map(({ id }) => id)).toEqual(["s"]);
  expect(await history.create("empty")).toMatchObject({ added: [] });
  expect(await history.info("empty")).toMatchObject({ count: 0 });
  await expect(history.create("t", { items: [items[0], items[0]] })).rejects.toMatchObject({
    code: "duplicate_id",
  });
});
