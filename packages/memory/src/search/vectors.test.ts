import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  type Connection,
  connectIoRedis,
  connectNodeRedis,
  removeKeys,
  uniqueName,
} from "../../test/redis.ts";
import { trigramEmbedder, trigrams } from "../../test/trigram-embedder.ts";
import {
  type Embedder,
  type Item,
  MessageHistory,
  OwnerQuota,
  SessionArchive,
  SessionBlobs,
  Turns,
} from "../index.ts";
import { sessionKeys } from "../redis/keys.ts";
import type { RunScript } from "../redis/script-runner.ts";
import { SessionScripts } from "../redis/session-scripts.ts";
import { RecentNames } from "./recent-names.ts";
import { LIMITS } from "./search-session.ts";
import { makeVectors, readVectors } from "./stored-vectors.ts";
import { encodeVector, tagOf, VectorIndex } from "./vector-index.ts";

let redis: Connection;
beforeAll(async () => {
  redis = await connectNodeRedis();
});
afterAll(() => redis.close());

const ALL = { maxTokens: 1_000_000, countTokens: () => 1, minCoverage: 0 };
const contents = ({ messages }: { messages: readonly Item[] }) => messages.map(({ content }) => content);

function start(embedder: Embedder = trigramEmbedder()) {
  const name = uniqueName();
  onTestFinished(() => removeKeys(redis, name));
  const options = { client: redis.client, name, ttlSeconds: 60, recall: true };
  const key = (part: "messages" | "meta" | "words" | "vectors", session = "s") =>
    sessionKeys(name, "local", session)[part];
  return {
    options,
    key,
    history: new MessageHistory({ ...options, embedder }),
    lexical: new MessageHistory(options),
    turns: new Turns({ ...options, embedder }),
    archive: new SessionArchive(options),
    vectors: async (session = "s") =>
      ((await redis.command("LRANGE", key("vectors", session), "0", "-1")) as string[]).map(kindOf),
  };
}

/** What an entry is: the number of its turn's items, how far it is from the turn's first item, or nothing. */
const kindOf = (entry: string) =>
  entry.length > 4 ? `vector of ${Number.parseInt(entry.slice(8, 10), 36)}` : entry;

const PAIRS = [
  ["I adore margherita pizzas", "Noted"],
  ["The roof leaks in winter", "Call a roofer"],
  ["My brother plays the trombone", "Nice"],
] as const;

test("turns get their vectors in the background, also those of a session that had none", async () => {
  const { history, lexical, turns, vectors } = start();
  for (const [said, answered] of PAIRS) await lexical.store("s", said, answered);
  expect(await vectors()).toEqual([]);
  const begun = await turns.begin("s", { content: "Which instrument?" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  begun.writer.write("The trombone");
  await begun.writer.end("completed");
  const all = ["vector of 2", "1", "vector of 2", "1", "vector of 2", "1", "vector of 2", "1"];
  await expect.poll(() => vectors()).toEqual(all);
  await history.addMessages("s", [{ role: "user", content: "Not yet answered" }]);
  expect(await history.embedTurns("s")).toBe(0);
  await history.addMessages("s", [{ role: "assistant", content: "Now it is" }]);
  await expect.poll(() => vectors()).toEqual([...all, "vector of 2", "1"]);
});

test("a search finds by similarity what shares no word with the question, and says how similar it is", async () => {
  const { history, lexical } = start();
  for (const [said, answered] of PAIRS) await history.store("s", said, answered);
  await history.embedTurns("s");
  // The beginnings differ, so no word is the same.
  const question = "Does xmargherita contain ypizzas?";
  expect((await lexical.search("s", question, ALL)).hits).toEqual([]);
  const found = await history.search("s", question, { ...ALL, maxTokens: 2 });
  expect(contents(found)).toEqual(["I adore margherita pizzas", "Noted"]);
  expect(found.vectors).toEqual({ compared: 3, damaged: 0 });
  const [hit] = found.hits;
  expect(hit?.terms).toEqual([]);
  const [a, b] = [trigrams(question), trigrams("I adore margherita pizzas\nNoted")];
  const cosine =
    a.reduce((sum, value, n) => sum + value * (b[n] ?? 0), 0) / Math.hypot(...a) / Math.hypot(...b);
  expect(hit?.similarity).toBeCloseTo(cosine, 2);
});

test("a similar turn is recalled without enough words, if the embedder says how similar it has to be", async () => {
  const { lexical, options } = start();
  for (const [said, answered] of PAIRS) await lexical.store("s", said, answered);
  const search = async (minSimilarity: number, question: string) => {
    const history = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), minSimilarity } });
    await history.embedTurns("s");
    return contents(await history.search("s", question, { maxTokens: 2, countTokens: () => 1 }));
  };
  expect(await search(0.3, "Does xmargherita contain ypizzas?")).toEqual([
    "I adore margherita pizzas",
    "Noted",
  ]);
  expect(await search(0.99, "Does xmargherita contain ypizzas?")).toEqual([]);
});

test("words and similarity count together: what is first by both is first", async () => {
  const { history } = start();
  for (const [said, answered] of PAIRS) await history.store("s", said, answered);
  await history.embedTurns("s");
  const { hits } = await history.search("s", "margherita pizzas", ALL);
  expect(hits).toHaveLength(PAIRS.length);
  expect(hits[0]).toMatchObject({ from: 0, to: 2, similarity: expect.any(Number) });
});

describe("a change of a turn's items takes its vector away, and the next search has it made anew", () => {
  test.each<[string, (history: MessageHistory, items: Item[]) => Promise<unknown>, string[]]>([
    [
      "update",
      (h, i) => h.updateMessage("s", i[3]?.id ?? "", { content: "new" }),
      ["vector of 2", "1", "", "1"],
    ],
    ["drop of an answer", (h, i) => h.drop("s", i[3]?.id), ["vector of 2", "1", "", "1"]],
    ["drop of a question", (h, i) => h.drop("s", i[2]?.id), ["vector of 2", "1", "", "1"]],
    ["pop", (h) => h.pop("s"), ["vector of 2", "1", "", "1"]],
    ["truncate", (h, i) => h.truncate("s", { from: i[1]?.id ?? "" }), ["", "1", "", "1"]],
    [
      "replace",
      (h, i) => h.replaceFrom("s", i[2]?.id ?? "", [{ role: "user", content: "x" }]),
      ["vector of 2", "1", "", "1"],
    ],
  ])("%s", async (_, change, expected) => {
    const { history, lexical, vectors } = start();
    for (const [said, answered] of PAIRS.slice(0, 2)) await lexical.store("s", said, answered);
    await history.embedTurns("s");
    expect(await vectors()).toEqual(["vector of 2", "1", "vector of 2", "1"]);
    await history.search("s", "roof", ALL);
    await change(lexical, await Array.fromAsync(history.items("s")));
    expect(await vectors()).toEqual(expected);
    const { hits, vectors: compared } = await history.search("s", "roof", ALL);
    expect(compared?.compared).toBe(expected.filter((entry) => entry.length > 4).length);
    for (const { similarity, from } of hits) if (from === 2) expect(similarity).toBeUndefined();
  });
});

test("a retry takes away the vector of the turn that it replaces", async () => {
  const { turns, history, vectors } = start();
  const first = await turns.begin("s", { content: "Hello" });
  if (first.kind !== "begun") throw new Error(first.kind);
  first.writer.write("Half an ans");
  await first.writer.end("failed");
  await expect.poll(() => vectors()).toEqual(["vector of 2", "1"]);
  const second = await turns.begin("s", { retryOf: first.writer.id });
  if (second.kind !== "begun") throw new Error(second.kind);
  expect(await vectors()).toEqual(["", "1"]);
  second.writer.write("A whole answer");
  await second.writer.end("completed");
  await history.embedTurns("s");
  expect(await vectors()).toEqual(["vector of 3", "1", "2"]);
});

test("an item that changes while its turn is embedded keeps the vector from being stored", async () => {
  const asked = Promise.withResolvers<void>();
  const changed = Promise.withResolvers<void>();
  const embed: Embedder["embed"] = async (texts) => {
    asked.resolve();
    await changed.promise;
    return texts.map((text) => trigrams(text));
  };
  const { lexical, options, vectors } = start();
  const [question] = await lexical.store("s", "My tent is green", "Noted");
  const slow = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), embed } });
  const making = slow.embedTurns("s");
  await asked.promise;
  await lexical.updateMessage("s", question?.id ?? "", { content: "My tent is blue" });
  changed.resolve();
  expect(await making).toBe(0);
  expect(await vectors()).toEqual([]);
  expect(await slow.embedTurns("s")).toBe(1);
});

test("vectors of another model are ignored, and replaced by the model's own", async () => {
  const { history, lexical, options, vectors } = start();
  await lexical.store("s", "My tent is green", "Noted");
  await history.embedTurns("s");
  const other = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), model: "other" } });
  const found = await other.search("s", "tent", ALL);
  expect(found.vectors).toEqual({ compared: 0, damaged: 0 });
  expect(contents(found)).toHaveLength(2);
  await expect.poll(async () => (await other.search("s", "tent", ALL)).vectors?.compared).toBe(1);
  expect(await vectors()).toEqual(["vector of 2", "1"]);
});

describe("a search finds turns by words and reports why, with", () => {
  const failing: [string, Embedder["embed"], string][] = [
    ["an embedder that throws", () => Promise.reject(new Error("boom")), "failed"],
    [
      "one that throws at once",
      () => {
        throw new Error("boom");
      },
      "failed",
    ],
    ["one that hangs", () => new Promise(() => {}), "late"],
    ["vectors of another length", async (texts) => texts.map(() => [1, 2]), "invalid"],
    ["too few vectors", async () => [], "invalid"],
    [
      "numbers that are none",
      async (texts) => texts.map(() => new Float32Array(64).fill(Number.NaN)),
      "invalid",
    ],
    ["only zeros", async (texts) => texts.map(() => new Float32Array(64)), "invalid"],
    ["no list", async () => null as never, "invalid"],
  ];
  test.each(failing)("%s", async (_, embed, failed) => {
    const { history, lexical, options } = start();
    await lexical.store("s", "My tent is green", "Noted");
    await history.embedTurns("s");
    // The turns of a client wait for one another: one that hangs would keep those of the other tests for 30 s.
    const { client, close } = await connectNodeRedis();
    onTestFinished(close);
    const broken = new MessageHistory({ ...options, client, embedder: { ...trigramEmbedder(), embed } });
    const found = await broken.search("s", "tent", ALL);
    expect(contents(found)).toEqual(["My tent is green", "Noted"]);
    expect(found.vectors).toEqual({ compared: 0, damaged: 0, failed });
    // An append neither waits for it nor fails by it.
    await broken.store("s", "And my kayak is red", "Noted");
    expect(await broken.count("s")).toBe(4);
    // It waits 30 s for one that hangs.
    if (failed === "late") return;
    const error = { name: "EmbeddingError", failure: failed };
    await expect(broken.embedTurns("s")).rejects.toMatchObject(error);
  });

  test("a damaged entry", async () => {
    const { history, lexical, key, vectors } = start();
    for (const [said, answered] of PAIRS) await lexical.store("s", said, answered);
    await history.embedTurns("s");
    await redis.command("LSET", key("vectors"), "2", "nonsense");
    await redis.command("HINCRBY", key("meta"), "revectored", "1");
    const found = await history.search("s", "roof", ALL);
    expect(found.vectors).toEqual({ compared: 2, damaged: 1 });
    expect(found.hits[0]).toMatchObject({ from: 2, to: 4 });
    await expect.poll(() => vectors()).toEqual(["vector of 2", "1", "vector of 2", "1", "vector of 2", "1"]);
  });

  test("a key of another type", async () => {
    const { history, lexical, key, archive } = start();
    await lexical.store("s", "My tent is green", "Noted");
    await history.embedTurns("s");
    await redis.command("DEL", key("vectors"));
    await redis.command("HSET", key("vectors"), "a", "b");
    const found = await history.search("s", "tent", ALL);
    expect(contents(found)).toEqual(["My tent is green", "Noted"]);
    expect(found.vectors).toEqual({ compared: 0, damaged: 0, failed: "unavailable" });
    // Nor does it keep the conversation from being changed and forked.
    expect(await history.drop("s")).toBe(true);
    await archive.fork("s", "fork");
    expect(await history.count("fork")).toBe(1);
  });
});

test("vectors have the session's TTL, are removed with it, and are not exported; a fork has them up to its cut", async () => {
  const { history, archive, key, vectors } = start();
  for (const [said, answered] of PAIRS) await history.store("s", said, answered);
  await history.embedTurns("s");
  const ttl = async () => Number(await redis.command("PTTL", key("vectors")));
  expect(await ttl()).toBeGreaterThan(0);
  await redis.command("PEXPIRE", key("vectors"), "5000");
  await history.store("s", "One more", "Yes");
  expect(await ttl()).toBeGreaterThan(50_000);
  await history.embedTurns("s");
  const [, , third] = await Array.fromAsync(history.items("s"));
  await archive.fork("s", "fork", { before: third?.id ?? "" });
  expect(await vectors("fork")).toEqual(["vector of 2", "1"]);
  const found = await history.search("fork", "adore", ALL);
  expect(found).toMatchObject({
    vectors: { compared: 1 },
    hits: [{ from: 0, similarity: expect.any(Number) }],
  });
  const { messages } = await archive.read("s");
  await archive.restore("copy", { messages: (await Array.fromAsync(messages())).flat() });
  expect(await vectors("copy")).toEqual([]);
  await history.clear("s");
  expect(await redis.command("EXISTS", key("vectors"))).toBe(0);
});

test("a turn of 384 dimensions takes at most 420 bytes, and its owner's quota can count it", async () => {
  const counted: [string, number][] = [];
  const { history, options, key } = start({
    ...trigramEmbedder(384),
    onStored: (session, bytes) => counted.push([session, bytes]),
  });
  const quota = new OwnerQuota({ ...options, maxBytes: 100_000 });
  for (let n = 0; n < 100; n++) await history.store("s", `My number is ${n}, and that is that`, "Noted");
  await history.embedTurns("s");
  await expect
    .poll(() => counted.reduce((sum, [, bytes]) => sum + bytes, 0))
    .toBeGreaterThanOrEqual(100 * 384);
  expect(new Set(counted.map(([session]) => session))).toEqual(new Set(["s"]));
  const bytes = Number(await redis.command("MEMORY", "USAGE", key("vectors"), "SAMPLES", "0"));
  expect(bytes / 100).toBeLessThanOrEqual(420);
  expect(counted.reduce((sum, [, stored]) => sum + stored, 0)).toBeGreaterThanOrEqual(bytes * 0.95);
  expect(await quota.admit("s", 1)).toEqual({ kind: "admitted" });
});

test.each([
  [384, 3_000],
  [4_096, 300],
])("vectors of %i dimensions are read in replies of bounded size", async (dimensions, turns) => {
  const entry = encodeVector(tagOf("m", dimensions), 2, new Float32Array(dimensions).fill(1));
  const stored = Array.from({ length: 2 * turns }, (_, n) => (n % 2 ? "1" : entry));
  const replies: number[] = [];
  const run: RunScript = async (_, [, page = "0", , , , end = "0"]) => {
    const entries = stored.slice(Number(end), Number(end) + Number(page));
    replies.push(entries.join("").length);
    return ["ok", 0, "e", "0", stored.length, Number(end), ...entries];
  };
  const limits = { ...LIMITS, now: () => 0 };
  const index = await readVectors(run, { model: "m", dimensions }, limits, undefined);
  expect(index.size).toBe(turns);
  expect(replies.length).toBeGreaterThan(1);
  expect(Math.max(...replies)).toBeLessThan(450_000);
});

test("the newest vectors that were read under a lower limit do not keep older ones from being read", async () => {
  const { options, key } = start();
  const { dimensions } = trigramEmbedder();
  const entry = encodeVector(tagOf("m", dimensions), 1, trigrams("My tent is green"));
  await new MessageHistory(options).addMessage("s", { role: "user", content: "My tent is green" });
  for (let n = 0; n < 6; n++)
    await redis.command("RPUSH", key("vectors"), ...Array<string>(1_000).fill(entry));
  const scripts = new SessionScripts({ client: redis.client, name: options.name });
  const run: RunScript = (script, args) =>
    scripts.run(script, sessionKeys(options.name, "local", "s").all, args, true);
  const read = (maxItems: number, known?: VectorIndex) =>
    readVectors(run, { model: "m", dimensions }, { ...LIMITS, maxItems, now: () => 0 }, known);
  const newest = await read(5_000);
  expect([newest.first, newest.end]).toEqual([1_000, 6_000]);
  const all = await read(20_000, newest);
  expect([all.first, all.end, all.numberOf(0, 1)]).toEqual([0, 6_000, 0]);
  // What has more than is asked for is not read again.
  expect(await read(5_000, all)).toBe(all);
});

test("a vector is stored as text that every client returns as it is", async () => {
  const ioRedis = await connectIoRedis();
  onTestFinished(() => ioRedis.close());
  const { history, options } = start();
  await history.store("s", "My tent is green", "Noted");
  await history.embedTurns("s");
  const other = new MessageHistory({ ...options, client: ioRedis.client, embedder: trigramEmbedder() });
  expect((await other.search("s", "tent", ALL)).vectors).toEqual({ compared: 1, damaged: 0 });
});

test("of two processes one makes a session's vectors, the other when the lease of the first is over", async () => {
  const { lexical, options, key, vectors } = start();
  for (const [said, answered] of PAIRS) await lexical.store("s", said, answered);
  const scripts = new SessionScripts({ client: options.client, name: options.name });
  const keys = sessionKeys(options.name, "local", "s").all;
  const run: RunScript = (script, args) => scripts.run(script, keys, args, true);
  const make = async (worker: string | undefined, during = async () => {}) => {
    let texts = 0;
    const embedder = trigramEmbedder();
    const counting: Embedder = {
      ...embedder,
      embed: async (given, how) => {
        texts += given.length;
        await during();
        return embedder.embed(given, how);
      },
    };
    const { isTaken, stored } = await makeVectors(run, counting, LIMITS, {}, new RecentNames(10), worker);
    return { isTaken, stored, texts };
  };
  let other: Awaited<ReturnType<typeof make>> | undefined;
  const first = await make("a", async () => {
    other ??= await make("b");
  });
  expect(first).toEqual({ isTaken: false, stored: 3, texts: 3 });
  expect(other).toEqual({ isTaken: true, stored: 0, texts: 0 });
  await lexical.store("s", "It snows", "It does");
  expect(await make("b")).toMatchObject({ isTaken: true });
  // The first goes on at once, and a caller that waits for the vectors does not mind the lease.
  expect(await make("a")).toMatchObject({ isTaken: false, stored: 1 });
  await lexical.store("s", "It thaws", "It does");
  expect(await make(undefined)).toMatchObject({ stored: 1 });
  await lexical.store("s", "It dries", "It does");
  await redis.command("HSET", key("meta"), "embedder_until", "1");
  expect(await make("b")).toMatchObject({ isTaken: false, stored: 1 });
  expect((await vectors()).filter((entry) => entry === "vector of 2")).toHaveLength(6);
});

test("7 bits for each number keep the angle between vectors", () => {
  const [a, b] = ["My tent is green", "Your tent was greener"].map((text) => trigrams(text, 384)) as [
    Float32Array,
    Float32Array,
  ];
  const index = new VectorIndex(tagOf("m", 384), 384, "e", "0", 0);
  index.extend([encodeVector(tagOf("m", 384), 2, a), "1", encodeVector(tagOf("m", 384), 1, b)]);
  const [toA = 0, toB = 0] = index.similarities(a);
  expect(toA).toBeCloseTo(1, 3);
  expect(toB).toBeCloseTo(
    a.reduce((s, v, n) => s + v * (b[n] ?? 0), 0) / Math.hypot(...a) / Math.hypot(...b),
    2,
  );
  expect([index.numberOf(0, 2), index.numberOf(0, 3), index.numberOf(2, 3), index.numberOf(9, 10)]).toEqual([
    0, -1, 1, -1,
  ]);
});

test("an embedder that is not ready is asked for nothing", async () => {
  const embed = vi.fn<Embedder["embed"]>(async (texts) => texts.map((text) => trigrams(text)));
  const { options } = start();
  const embedder = { ...trigramEmbedder(), embed, isReady: () => false };
  const history = new MessageHistory({ ...options, embedder });
  await history.store("s", "My tent is green", "Noted");
  const found = await history.search("s", "tent", ALL);
  expect(contents(found)).toEqual(["My tent is green", "Noted"]);
  expect(found.vectors).toEqual({ compared: 0, damaged: 0, failed: "unavailable" });
  expect(embed).not.toHaveBeenCalled();
});

test("refuses a wrong embedder, and embedTurns without one", async () => {
  const { options, lexical } = start();
  for (const [wrong, message] of [
    [{ ...trigramEmbedder(), model: "" }, /model/],
    [{ ...trigramEmbedder(), dimensions: 0 }, /dimensions/],
    [{ ...trigramEmbedder(), embed: 1 }, /embed must/],
    [{ ...trigramEmbedder(), minSimilarity: 2 }, /minSimilarity/],
    [{ ...trigramEmbedder(), isReady: 1 }, /isReady/],
    [{ ...trigramEmbedder(), onStored: 1 }, /onStored/],
    [{ ...trigramEmbedder(), more: 1 }, /more/],
  ] as const) {
    expect(() => new MessageHistory({ ...options, embedder: wrong as never })).toThrow(message);
  }
  await expect(lexical.embedTurns("s")).rejects.toThrow(/embedder is missing/);
});

test("after a failure the queue is emptied, and the next turn asks again", async () => {
  const embed = vi.fn<Embedder["embed"]>().mockRejectedValue(new Error("away"));
  const { options, vectors } = start();
  const history = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), embed } });
  await history.store("s", "My tent is green", "Noted");
  await expect.poll(() => embed.mock.calls.length).toBe(2);
  embed.mockImplementation(async (texts) => texts.map((text) => trigrams(text)));
  await history.store("s", "My kayak is red", "Noted");
  await expect.poll(() => vectors()).toEqual(["vector of 2", "1", "vector of 2", "1"]);
});

test("a callback that throws or rejects makes neither an append nor a search fail, nor is a turn embedded again", async () => {
  const { options, vectors } = start();
  const isReady = vi.fn(() => {
    throw new Error("boom");
  });
  const unready = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), isReady } });
  await unready.store("s", "My tent is green", "Noted");
  expect((await unready.search("s", "tent", ALL)).vectors?.failed).toBe("unavailable");
  expect(isReady).toHaveBeenCalledTimes(2);
  const embed = vi.fn<Embedder["embed"]>(async (texts) => texts.map((text) => trigrams(text)));
  const onStored = vi
    .fn(() => Promise.reject(new Error("boom")))
    .mockImplementationOnce(() => {
      throw new Error("boom");
    });
  const history = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), embed, onStored } });
  await history.store("s", "My kayak is red", "Noted");
  await expect.poll(() => vectors()).toHaveLength(4);
  expect(await history.embedTurns("s")).toBe(0);
  await history.store("s", "My boots are brown", "Noted");
  await expect.poll(() => vectors()).toHaveLength(6);
  expect(await history.embedTurns("s")).toBe(0);
  expect(embed).toHaveBeenCalledTimes(2);
  expect(onStored).toHaveBeenCalledTimes(2);
});

test("an embedder is asked as the object that it is", async () => {
  const { options, lexical } = start();
  class Trigrams implements Embedder {
    readonly model = "trigrams";
    readonly dimensions = 64;
    async embed(texts: string[]) {
      return texts.map((text) => trigrams(text, this.dimensions));
    }
  }
  await lexical.store("s", "My tent is green", "Noted");
  expect(await new MessageHistory({ ...options, embedder: new Trigrams() }).embedTurns("s")).toBe(1);
});

describe("a turn that the embedder refuses", () => {
  const refusals: [string, (texts: string[]) => Promise<Float32Array[]>][] = [
    [
      "by throwing",
      async (texts) => {
        if (texts.some((text) => text.includes("refused"))) throw new Error("400");
        return texts.map((text) => trigrams(text));
      },
    ],
    [
      "with zeros",
      async (texts) =>
        texts.map((text) => (text.includes("refused") ? new Float32Array(64) : trigrams(text))),
    ],
  ];
  test.each(refusals)("%s is left out, and not asked for again until it changes", async (_, refuse) => {
    const { lexical, options, vectors } = start();
    const embed = vi.fn<Embedder["embed"]>(refuse);
    const history = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), embed } });
    await lexical.store("s", "My tent is green", "Noted");
    const [question] = await lexical.store("s", "refused", "Noted");
    await lexical.store("s", "My kayak is red", "Noted");
    expect(await history.embedTurns("s")).toBe(2);
    expect(await vectors()).toEqual(["vector of 2", "1", "", "", "vector of 2", "1"]);
    expect(embed.mock.calls.map(([texts]) => texts.length)).toEqual([3, 1, 1, 1]);
    expect(await history.embedTurns("s")).toBe(0);
    expect(embed).toHaveBeenCalledTimes(4);
    await lexical.updateMessage("s", question?.id ?? "", { content: "My boots are brown" });
    expect(await history.embedTurns("s")).toBe(1);
    expect(await vectors()).toEqual(["vector of 2", "1", "vector of 2", "1", "vector of 2", "1"]);
  });

  test("does not keep other sessions from their vectors", async () => {
    const { options, vectors } = start();
    const embed: Embedder["embed"] = async (texts) => {
      if (texts.some((text) => text.includes("refused"))) throw new Error("400");
      return texts.map((text) => trigrams(text));
    };
    const history = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), embed } });
    await Promise.all([history.store("s", "refused", "Noted"), history.store("other", "My tent", "Noted")]);
    await expect.poll(() => vectors("other")).toEqual(["vector of 2", "1"]);
  });
});

test("a turn that is too long for a vector does not keep newer ones from theirs", async () => {
  const { history, lexical, vectors } = start();
  const long = "long ".repeat(60_000);
  const parts = Array.from({ length: 5 }, () => ({ role: "assistant" as const, content: long }));
  await lexical.addMessages("s", [{ role: "user", content: "Tell me" }, ...parts]);
  const many = Array.from({ length: 501 }, () => ({ role: "assistant" as const, content: "one" }));
  await lexical.addMessages("s", [{ role: "user", content: "Tell me more" }, ...many]);
  await lexical.store("s", "My tent is green", "Noted");
  expect(await history.embedTurns("s")).toBe(1);
  expect((await vectors()).filter((entry) => entry !== "")).toEqual(["vector of 2", "1"]);
  expect(await history.embedTurns("s")).toBe(0);
});

test("an embedder is given at most 4,000 characters of a text, and no half of one", async () => {
  const { lexical, options } = start();
  const embed = vi.fn<Embedder["embed"]>(async (texts) => texts.map((text) => trigrams(text)));
  const history = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), embed } });
  const long = `a${"\u{1F600}".repeat(3_000)}`;
  await lexical.store("s", long, "Noted");
  await history.embedTurns("s");
  await history.search("s", long, ALL);
  const cut = `a${"\u{1F600}".repeat(1_999)}\uFFFD`;
  expect(embed.mock.calls.map(([texts]) => texts)).toEqual([[cut], [cut]]);
});

test("terms that are stored anew do not take a copied vector away", async () => {
  const { history, lexical, archive, key, vectors } = start();
  await lexical.store("s", "My tent is green", "Noted");
  await history.embedTurns("s");
  await archive.fork("s", "fork");
  await lexical.search("fork", "tent", ALL);
  await redis.command("LSET", key("words", "fork"), "0", "");
  await redis.command("HINCRBY", key("meta", "fork"), "reworded", "1");
  expect((await lexical.search("fork", "tent", ALL)).hits).toHaveLength(1);
  expect(await redis.command("LINDEX", key("words", "fork"), "0")).not.toBe("");
  expect(await vectors("fork")).toEqual(["vector of 2", "1"]);
});

describe("a new session has no terms and vectors of one that was evicted", () => {
  type Started = ReturnType<typeof start>;
  test.each<[string, (started: Started) => Promise<unknown>]>([
    ["addMessage", ({ lexical }) => lexical.addMessage("s", { role: "user", content: "New" })],
    ["create", ({ lexical }) => lexical.create("s", { items: [{ role: "user", content: "New" }] })],
    ["setMetadata", ({ lexical }) => lexical.setMetadata("s", {})],
    ["begin", ({ turns }) => turns.begin("s", { content: "New" })],
    [
      "a blob",
      ({ options }) => new SessionBlobs(options).put("s", new Uint8Array(9), { mediaType: "text/plain" }),
    ],
    ["fork", ({ archive }) => archive.fork("other", "s")],
  ])("%s", async (_, create) => {
    const started = start();
    const { history, lexical, key, vectors } = started;
    await lexical.store("other", "My kayak is red", "Noted");
    for (const [said, answered] of PAIRS) await lexical.store("s", said, answered);
    await history.embedTurns("s");
    await redis.command("DEL", key("meta"), key("messages"));
    await create(started);
    expect(await vectors()).toEqual([]);
    expect(Number(await redis.command("LLEN", key("words")))).toBeLessThanOrEqual(1);
  });
});

test("a turn that is still being built is not embedded at each step of it", async () => {
  const embed = vi.fn<Embedder["embed"]>(async (texts) => texts.map((text) => trigrams(text)));
  const { options, vectors } = start();
  const history = new MessageHistory({ ...options, embedder: { ...trigramEmbedder(), embed } });
  const call = { id: "call_1", name: "now", arguments: "{}" };
  await history.addMessages("s", [
    { role: "user", content: "What time is it?" },
    { role: "assistant", content: "I look", toolCalls: [call] },
  ]);
  expect(await history.embedTurns("s")).toBe(0);
  await history.addMessage("s", { role: "tool", content: "12:00", toolCallId: "call_1" });
  expect(await history.embedTurns("s")).toBe(0);
  expect(embed).not.toHaveBeenCalled();
  await history.addMessage("s", { role: "assistant", content: "Noon" });
  await expect.poll(() => vectors()).toEqual(["vector of 4", "1", "2", "3"]);
  await history.addMessage("s", { role: "assistant", content: "I look again", toolCalls: [call] });
  await history.addMessage("s", { role: "user", content: "Never mind" });
  await expect.poll(() => vectors()).toEqual(["vector of 5", "1", "2", "3", "4"]);
  expect(embed).toHaveBeenCalledTimes(2);
});

test("a vector that two processes have made is stored once, and is no change", async () => {
  const { lexical, options, key, vectors } = start();
  await lexical.store("s", "My tent is green", "Noted");
  const both = Promise.withResolvers<void>();
  let asked = 0;
  const embed: Embedder["embed"] = async (texts) => {
    if (++asked === 2) both.resolve();
    await both.promise;
    return texts.map((text) => trigrams(text));
  };
  const embedder = { ...trigramEmbedder(), embed };
  const [one, other] = [0, 1].map(() => new MessageHistory({ ...options, embedder }).embedTurns("s"));
  expect(((await one) ?? 0) + ((await other) ?? 0)).toBe(1);
  expect(await vectors()).toEqual(["vector of 2", "1"]);
  expect(await redis.command("HGET", key("meta"), "revectored")).toBeNull();
});
