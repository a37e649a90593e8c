import { createClient } from "@redis/client";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { MemoryError, MessageHistory, Turns } from "../src/index.ts";
import { COMMANDS } from "../src/testing/commands.ts";
import { createMemoryClient, type MemoryClient } from "../src/testing/memory-client.ts";
import { ownRedis } from "./own-redis.ts";

const own = ownRedis();
let client: MemoryClient;
let real: ReturnType<typeof connectWithResp2>;
// The replies of scripts are of this version too.
const connectWithResp2 = () => createClient({ url: own.server.url, RESP: 2 });
beforeAll(async () => {
  client = await createMemoryClient();
  real = connectWithResp2();
  await real.connect();
});
beforeEach(() => client.sendCommand(["FLUSHALL"]));
afterAll(() => {
  client.destroy();
  real?.destroy();
});

// Commands in the order in which both run them, with the edges of each.
const STEPS: Readonly<Record<string, string[]>> = {
  strings: [
    ...[
      "SET s añb",
      "GET s",
      "STRLEN s",
      "APPEND s cd",
      "GETRANGE s 0 0",
      "GETRANGE s 3 -1",
      "GETRANGE s -3 -2",
    ],
    ...[
      "GETRANGE s 4 1",
      "GETRANGE s -99 99",
      "GETRANGE no 0 -1",
      "STRLEN no",
      "GET no",
      "APPEND new x",
      "TYPE s",
    ],
    ...["HGET s a", "LLEN s", "ZCARD s", "HSET s a b", "RPUSH s a", "TYPE no", "SET s other", "GET s"],
  ],
  hashes: [
    ...[
      "HSET h a 1 b 2",
      "HSET h a 3 c 4",
      "HSET h a",
      "HSETNX h a 9",
      "HSETNX h d 5",
      "HGET h a",
      "HGET h no",
    ],
    ...[
      "HMGET h a no d",
      "HMGET no a",
      "HLEN h",
      "HEXISTS h a",
      "HEXISTS h no",
      "HINCRBY h n 5",
      "HINCRBY h n -7",
    ],
    ...[
      "HSET h text x",
      "HINCRBY h text 1",
      "HINCRBY h n 1.5",
      "HGETALL h",
      "HKEYS h",
      "HVALS h",
      "HSCAN h 0",
    ],
    ...["HDEL h a no b", "HDEL h c d n text", "EXISTS h", "HGETALL h", "HDEL h a", "GET h", "HSCAN no 0"],
  ],
  lists: [
    ...["RPUSH l a b c", "LPUSH l y z", "LRANGE l 0 -1", "LRANGE l 1 2", "LRANGE l -2 -1", "LRANGE l 3 1"],
    ...[
      "LRANGE l -99 99",
      "LRANGE l 9 10",
      "LINDEX l 0",
      "LINDEX l -1",
      "LINDEX l 9",
      "LINDEX no 0",
      "LSET l 1 q",
    ],
    ...[
      "LSET l -1 end",
      "LSET l 9 x",
      "LSET l -9 x",
      "LSET no 0 x",
      "LLEN l",
      "LINDEX l x",
      "LRANGE l 0 -1",
      "GET l",
    ],
  ],
  "sorted sets": [
    ...[
      "ZADD z 2 b 1 a 2 aa",
      "ZADD z 3 a",
      "ZADD z x a",
      "ZADD z 1",
      "ZCARD z",
      "ZSCORE z a",
      "ZSCORE z no",
    ],
    ...["ZRANGEBYSCORE z -inf +inf", "ZRANGEBYSCORE z (2 +inf", "ZRANGEBYSCORE z 2 (3 WITHSCORES"],
    ...["ZRANGEBYSCORE z -inf +inf LIMIT 1 1", "ZRANGEBYSCORE z -inf +inf LIMIT 1 -1", "ZRANGEBYSCORE z x 1"],
    ...["ZREVRANGEBYSCORE z +inf -inf WITHSCORES LIMIT 0 2", "ZREVRANGEBYSCORE z (3 -inf", "ZCOUNT z 2 3"],
    ...[
      "ZCOUNT z (2 3",
      "ZREM z aa no",
      "ZREMRANGEBYSCORE z -inf (3",
      "ZRANGEBYSCORE z -inf +inf",
      "ZREM z a",
    ],
    ...[
      "EXISTS z",
      "ZADD z 0 a 0 ab 0 b 0 é",
      "ZRANGEBYLEX z - +",
      "ZRANGEBYLEX z [ab +",
      "ZRANGEBYLEX z (ab (é",
    ],
    ...["ZRANGEBYLEX z [a (b LIMIT 0 1", "ZREVRANGEBYLEX z + -", "ZREVRANGEBYLEX z [b (a LIMIT 1 5"],
    ...["ZRANGEBYLEX z a b", "ZRANGEBYLEX z + -", "ZADD z 1.5 a", "ZSCORE z a"],
  ],
  keys: [
    ...[
      "SET a 1",
      "EXISTS a a no",
      "PTTL a",
      "TTL a",
      "PTTL no",
      "TTL no",
      "PEXPIRE a 100000",
      "PEXPIRE no 1",
      "TTL a",
    ],
    ...[
      "EXPIRE a 50",
      "TTL a",
      "APPEND a 2",
      "TTL a",
      "RENAME a b",
      "TTL b",
      "EXISTS a",
      "RENAME no x",
      "SET b 1",
    ],
    ...[
      "TTL b",
      "EXPIRE b 10",
      "PERSIST b",
      "PERSIST b",
      "TTL b",
      "PEXPIRE b 0",
      "EXISTS b",
      "SET c 1",
      "SET c* 1",
    ],
    ...[
      "KEYS c?",
      "KEYS c\\*",
      "KEYS *d",
      "KEYS [",
      "SET d:1 1",
      "KEYS d:*",
      "SCAN 0 MATCH d* TYPE string COUNT 9",
    ],
    ...[
      "SCAN 0 MATCH d* TYPE list",
      "DEL c no",
      "UNLINK d:1",
      "MEMORY USAGE no",
      "PUBLISH no x",
      "PUBSUB NUMSUB no",
    ],
    ...["PEXPIRE c* x", "LRANGE c* 0 -1", "NOSUCH a", "FLUSHALL", "KEYS *"],
  ],
};

// An error is compared by its code and what it says first: its end differs from version to version.
const replyOf = (reply: Promise<unknown>): Promise<unknown> =>
  reply.then(
    (value) => value,
    (error: Error) => error.message.split(/[,:']/)[0]?.replace(/ for .*/, ""),
  );

test.each(Object.entries(STEPS))("commands on %s reply as those of Redis", async (_, steps) => {
  for (const step of steps) {
    const args = step.split(" ");
    const [ours, theirs] = await Promise.all([client.sendCommand(args), real.sendCommand(args)].map(replyOf));
    expect({ step, reply: ours }).toEqual({ step, reply: theirs });
  }
});

test("every command is compared with that of Redis, or differs from it by nature", () => {
  const compared = new Set(Object.values(STEPS).flatMap((steps) => steps.map((step) => step.split(" ")[0])));
  expect(Object.keys(COMMANDS).filter((command) => !compared.has(command))).toEqual(["INFO", "TIME"]);
});

test("sessions are kept, and expire by the clock of the test", async () => {
  const history = new MessageHistory({ client, ttlSeconds: 60 });
  await history.store("s", "My name is Bob 🎉", "Hello Bob");
  expect((await history.getRecent("s")).map(({ content }) => content)).toEqual([
    "My name is Bob 🎉",
    "Hello Bob",
  ]);
  expect(await history.ttl("s")).toBe(60);
  vi.useFakeTimers({ now: Date.now() + 61_000 });
  try {
    expect(await history.count("s")).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("a turn is followed through another client of the same Redis", async () => {
  const turns = new Turns({ client, subscriber: client });
  const other = client.duplicate();
  const elsewhere = new Turns({ client: other, subscriber: other });
  const begun = await turns.begin("s", { content: "Hi" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  begun.writer.write("Hello");
  const updates = await elsewhere.follow("s", begun.writer.id);
  if (updates === null) throw new Error("There is no such turn");
  const seen = Array.fromAsync(updates);
  begun.writer.write(" Bob");
  await begun.writer.end("completed");
  expect((await seen).map((update) => (update.type === "text" ? update.text : "")).join("")).toBe(
    "Hello Bob",
  );
});

test("two clients that were made apart have nothing in common", async () => {
  await new MessageHistory({ client }).store("s", "a", "b");
  const other = await createMemoryClient();
  expect(await new MessageHistory({ client: other }).count("s")).toBe(0);
});

test("a closed client is unavailable", async () => {
  const closed = client.duplicate();
  closed.destroy();
  const failed = await new MessageHistory({ client: closed }).count("s").catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(MemoryError);
  expect(failed).toMatchObject({ code: "unavailable" });
});
