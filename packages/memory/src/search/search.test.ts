import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { CONVERSATION, QUESTIONS } from "../../test/own-conversation.ts";
import {
  type Connection,
  connectIoRedis,
  connectNodeRedis,
  removeKeys,
  uniqueName,
} from "../../test/redis.ts";
import { trigramEmbedder, trigrams } from "../../test/trigram-embedder.ts";
import { type Item, MessageHistory, type NewItem, SessionArchive, Turns } from "../index.ts";
import { sessionKeys } from "../redis/keys.ts";
import type { RunScript } from "../redis/script-runner.ts";
import { SessionScripts } from "../redis/session-scripts.ts";
import { READ_RANGES } from "../scripts/search.ts";
import { searchSession } from "./search-session.ts";
import { encodeTerms, termsOf } from "./terms.ts";
import { encodeVector, tagOf } from "./vector-index.ts";

const LIMIT_MS = 20_000;

let redis: Connection;
beforeAll(async () => {
  redis = await connectNodeRedis();
});
afterAll(() => redis.close());

function start() {
  const name = uniqueName();
  onTestFinished(() => removeKeys(redis, name));
  const options = { client: redis.client, name, ttlSeconds: 60 };
  const key = (part: "words" | "vectors" | "messages" | "meta", session = "s") =>
    sessionKeys(name, "local", session)[part];
  return {
    name,
    key,
    plain: new MessageHistory(options),
    history: new MessageHistory({ ...options, recall: true }),
    turns: new Turns({ ...options, recall: true }),
    archive: new SessionArchive(options),
    words: (session = "s") => redis.command("LRANGE", key("words", session), "0", "-1") as Promise<string[]>,
    records: (session = "s") =>
      redis.command("LRANGE", key("messages", session), "0", "-1") as Promise<string[]>,
  };
}

/** Runs scripts on a session, for searches that remember nothing. */
function runOn(name: string, session: string): RunScript {
  const scripts = new SessionScripts({ client: redis.client, name });
  return (script, args) => scripts.run(script, sessionKeys(name, "local", session).all, args, true);
}

const user = (content: string): NewItem => ({ role: "user", content });
const assistant = (content: string): NewItem => ({ role: "assistant", content });
const ALL = { maxTokens: 1_000_000, countTokens: () => 1, minCoverage: 0 };
const contents = ({ messages }: { messages: readonly Item[] }) => messages.map(({ content }) => content);

/** The entry of each item, as it has to be. */
const entriesOf = (records: readonly string[]) =>
  records.map((record) => {
    if (record === "0") return "0";
    const [, kind, , content] = JSON.parse(record);
    return encodeTerms(kind === "user" ? { role: "user", content } : { role: "assistant", content });
  });

/** Expects that a turn's vector is that of its text: of all turns that have an answer, or of those that have a vector. */
function expectVectors(records: readonly string[], entries: readonly string[], which: "some" | "all"): void {
  const turns: { from: number; to: number; texts: string[] }[] = [];
  for (const [index, record] of records.entries()) {
    if (record === "0") continue;
    const [, kind, , content] = JSON.parse(record);
    if (kind === "user" || turns.length === 0) turns.push({ from: index, to: index, texts: [] });
    const turn = turns.at(-1) as (typeof turns)[number];
    turn.to = index + 1;
    turn.texts.push(content);
  }
  for (const [n, { from, to, texts }] of turns.entries()) {
    const entry = entries[from] ?? "";
    const isMade = entry.length > 4 && Number.parseInt(entry.slice(8, 10), 36) === to - from;
    const isAnswered = JSON.parse(records[to - 1] ?? "")[1] !== "user" || n < turns.length - 1;
    if (which === "all" && isAnswered) expect(isMade).toBe(true);
    if (isMade)
      expect(entry).toBe(encodeVector(tagOf("trigrams", 64), to - from, trigrams(texts.join("\n"))));
  }
}

describe("a conversation in English, German, Japanese and code", () => {
  let history: MessageHistory;
  const name = uniqueName();
  beforeAll(async () => {
    history = new MessageHistory({ client: redis.client, name, recall: true });
    for (const [said, answered] of CONVERSATION) await history.store("own", said, answered);
  });
  afterAll(() => removeKeys(redis, name));

  test.each(QUESTIONS)("finds what answers %j", async (question, turns) => {
    const { messages, hits, searched, total } = await history.search("own", question, {
      maxTokens: 2,
      countTokens: () => 0.5,
    });
    const found = turns.flatMap((turn) => CONVERSATION[turn]);
    expect(messages.map(({ content }) => content)).toEqual(expect.arrayContaining(found));
    expect([searched, total]).toEqual([60, 60]);
    expect(hits[0]?.terms.length).toBeGreaterThan(0);
  });

  test.each(["Photosynthesis in mitochondria", "the of and", "🎉🎉", "", "?!", "\u0000"])(
    "finds nothing for %j",
    async (query) => {
      const found = await history.search("own", query, { maxTokens: 1000, countTokens: () => 1 });
      expect(found).toEqual({ messages: [], hits: [], matched: 0, searched: 60, total: 60 });
    },
  );

  test("returns whole turns, oldest first, the most relevant ones that fit", async () => {
    const countTokens = ({ content }: Item) => content.length;
    const options = { maxTokens: 150, countTokens };
    const found = await history.search("own", "Alvarinho near the Berardo Collection", options);
    const { messages, hits } = found;
    expect(contents(found)).toEqual(CONVERSATION.slice(4, 6).flat());
    expect(hits.map(({ id }) => id)).toEqual([messages[0]?.id, messages[2]?.id]);
    const terms = hits.map(({ terms }) => terms.map(({ term }) => term));
    expect(terms).toEqual([["berardo", "collection"], ["alvarinho"]]);
  });

  test("searches only what is older than the first message in the window", async () => {
    const all = await Array.fromAsync(history.messages("own"));
    const options = { ...ALL, before: all[8]?.id };
    const found = await history.search("own", "risotto", options);
    expect(found).toMatchObject({ searched: 8, total: 8 });
    expect(contents(found)).toContain(CONVERSATION[2]?.[0]);
    expect(contents(found)).not.toContain(CONVERSATION[5]?.[0]);
    await expect(history.search("own", "x", { ...ALL, before: "nothing" })).rejects.toMatchObject({
      code: "unknown_message",
    });
  });

  test.each([
    ["What's my name?", "How would I test debounce with fake timers?", 0],
    ["And the number?", "Tell me about the repair of the roof", 19],
    ["And the reference?", "Tell me about the repair of the roof", 19],
    ["What about it?", "Tell me about the repair of the roof", 19],
  ])("finds what answers %j after %j", async (query, context, turn) => {
    const one = { maxTokens: 1, countTokens: () => 0.5 };
    const found = await history.search("own", query, { ...one, context });
    expect(contents(found)).toEqual(CONVERSATION[turn]);
  });

  test("a query of 100,000 characters is searched by its first words", async () => {
    const query = `risotto ${"zzz ".repeat(25_000)}`;
    expect((await history.search("own", query, ALL)).matched).toBeGreaterThan(0);
  });
});

test("refuses wrong arguments", async () => {
  const { history } = start();
  const countTokens = () => 1;
  for (const options of [
    { maxTokens: -1, countTokens },
    { maxTokens: 1, countTokens: 5 },
    { maxTokens: 1, countTokens, minCoverage: 2 },
    { maxTokens: 1, countTokens, limit: 5 },
    { maxTokens: 1, countTokens, context: 5 },
  ]) {
    await expect(history.search("s", "x", options as never)).rejects.toThrow(TypeError);
  }
  await expect(history.search("s", 5 as never, ALL)).rejects.toThrow(TypeError);
  await history.addMessage("s", user("x"));
  const wrong = { maxTokens: 5, countTokens: () => Number.NaN };
  await expect(history.search("s", "x", { ...wrong, minCoverage: 0 })).rejects.toThrow(TypeError);
});

test("a session that is not there has nothing to find", async () => {
  const { history } = start();
  expect(await history.search("s", "anything", ALL)).toEqual({
    ...{ messages: [], hits: [], matched: 0, searched: 0, total: 0 },
  });
});

test("an append stores terms only if recall is switched on", async () => {
  const { history, plain, words, name } = start();
  await plain.store("plain", "My name is Bob", "Hello Bob");
  expect(await redis.command("EXISTS", sessionKeys(name, "local", "plain").words)).toBe(0);
  expect(await redis.command("HGET", sessionKeys(name, "local", "plain").meta, "v")).toBe("1");
  await history.store("s", "My name is Bob", "Hello Bob");
  expect(await words()).toEqual([`u${hash("name")}${hash("bob")}`, `a${hash("hello")}${hash("bob")}`]);
});

const hash = (word: string) => termsOf(word)[0]?.hash;

test("turns store the terms of what was asked and answered", async () => {
  const { turns, words, records } = start();
  const begun = await turns.begin("s", { content: "Where is the Eiffel tower?" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  for (const piece of ["In ", "Par", "is."]) begun.writer.write(piece);
  await begun.writer.end("completed");
  const next = await turns.begin("s", { message: [user("And Big Ben?")] });
  if (next.kind !== "begun") throw new Error(next.kind);
  await next.writer.end("completed", { message: { role: "assistant", content: "London." } });
  expect(await words()).toEqual(entriesOf(await records()));
});

test("a search stores what is missing: of an old session, a cancelled turn, tool calls, another process", async () => {
  const { plain, turns, history, words, records } = start();
  await plain.store("s", "My cat is called Minka", "Hello Minka");
  const begun = await turns.begin("s", { content: "Tell me about Minka" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  begun.writer.write("Minka is a ");
  await turns.cancel("s", begun.writer.id);
  const called = await turns.begin("s", { content: "Weather in Oslo?" });
  if (called.kind !== "begun") throw new Error(called.kind);
  called.writer.startItem({ type: "reasoning" });
  called.writer.write("They ask for the weather in Oslo.");
  called.writer.addItem({ role: "assistant", content: "Rain in Oslo." });
  await called.writer.end("completed");
  await history.addMessage("s", user("Thank you"));
  expect(await words()).toEqual([]);
  const found = await history.search("s", "Oslo", { ...ALL, minCoverage: 0.2 });
  expect(found.hits[0]?.terms).toEqual([{ term: "oslo", weight: expect.any(Number) }]);
  expect(contents(found)).toEqual(expect.arrayContaining(["Weather in Oslo?", "Rain in Oslo."]));
  expect(contents(found)).not.toContain("They ask for the weather in Oslo.");
  const stored = await records();
  expect(await words()).toEqual(
    stored.map((record, n) => (record.startsWith('[2,"reasoning"') ? "a" : entriesOf(stored)[n])),
  );
  // From now on, appends store them.
  await history.addMessage("s", user("Good night"));
  expect(await words()).toHaveLength(stored.length + 1);
});

test("a long old session is stored in the background, and the search says how much was searched", async () => {
  const { plain, words } = start();
  for (let n = 0; n < 3; n++) await plain.addMessages("s", Array(500).fill(user("Word")));
  await plain.addMessage("s", user("The end is near"));
  expect(await plain.search("s", "word", ALL)).toMatchObject({ searched: 1000, total: 1501 });
  await expect.poll(async () => (await words()).length).toBe(1501);
  expect(contents(await plain.search("s", "end near", ALL))).toContain("The end is near");
});

test("changes of the conversation change what is found", async () => {
  const { history, plain, words, records } = start();
  const added = await history.addMessages("s", [
    ...[user("I drive a Volvo"), assistant("Nice")],
    ...[user("I ride a Ducati"), assistant("Fast")],
    ...[user("I sail a dinghy"), assistant("Wet")],
  ]);
  const id = (n: number) => added[n]?.id ?? "";
  const find = async (query: string) =>
    contents(await history.search("s", query, { ...ALL, minCoverage: 0.2 }));
  await history.updateMessage("s", id(0), { content: "I drive a Saab" });
  expect(await find("Volvo")).toEqual([]);
  expect(await find("Saab")).toContain("I drive a Saab");
  await plain.updateMessage("s", id(0), { content: "I drive a Fiat" });
  expect(await find("Saab")).toEqual([]);
  expect(await find("Fiat")).toContain("I drive a Fiat");
  await history.drop("s", id(2));
  expect(await find("Ducati")).toEqual([]);
  await history.replaceFrom("s", id(4), [user("I row a canoe"), assistant("Slow"), assistant("Quiet")]);
  expect(await find("dinghy")).toEqual([]);
  expect(await find("canoe")).toContain("I row a canoe");
  await history.truncate("s", { from: id(3) });
  expect(await find("canoe")).toEqual([]);
  expect(await words()).toEqual(entriesOf(await records()));
  await history.pop("s");
  expect(await words()).toEqual(entriesOf(await records()));
  await history.clear("s");
  expect(await words()).toEqual([]);
  expect(await find("Fiat")).toEqual([]);
});

test("a retry takes the former answer out of what is found", async () => {
  const { turns, history } = start();
  const begun = await turns.begin("s", { content: "Name a river" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  begun.writer.write("The Danube");
  await begun.writer.end("failed");
  expect((await history.search("s", "Danube", ALL)).matched).toBe(1);
  const again = await turns.begin("s", { retryOf: begun.writer.id });
  if (again.kind !== "begun") throw new Error(again.kind);
  again.writer.write("The Elbe");
  await again.writer.end("completed");
  expect(contents(await history.search("s", "Danube", ALL))).toEqual([]);
  expect(contents(await history.search("s", "Elbe", ALL))).toEqual(["Name a river", "The Elbe"]);
});

test("a turn in the place of earlier items takes them out of what is found", async () => {
  const { turns, history } = start();
  const [first] = await history.addMessages("s", [user("I grow tulips"), assistant("Red ones?")]);
  const begun = await turns.begin("s", { content: "I grow roses", replaceFrom: first?.id ?? "" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  begun.writer.write("White ones?");
  await begun.writer.end("completed");
  expect(await history.search("s", "tulips", { ...ALL, minCoverage: 0.2 })).toMatchObject({
    messages: [],
    total: 2,
  });
  expect(contents(await history.search("s", "roses", ALL))).toEqual(["I grow roses", "White ones?"]);
});

test("a fork and a restored session are searched, up to where they end", async () => {
  const { history, archive } = start();
  const [, , third] = await history.addMessages("s", [
    ...[
      user("My dentist is Dr. Alvarez"),
      assistant("Noted"),
      user("My lawyer is Ms. Chen"),
      assistant("Noted"),
    ],
  ]);
  await archive.fork("s", "fork", { before: third?.id ?? "" });
  expect(contents(await history.search("fork", "dentist", ALL))).toContain("My dentist is Dr. Alvarez");
  expect(await history.search("fork", "lawyer", { ...ALL, minCoverage: 0.2 })).toMatchObject({
    messages: [],
    total: 2,
  });
  const { messages } = await archive.read("s");
  await archive.restore("copy", { messages: (await Array.fromAsync(messages())).flat() });
  expect(contents(await history.search("copy", "lawyer", ALL))).toContain("My lawyer is Ms. Chen");
});

test("terms have the session's TTL, and an append renews it", async () => {
  const { history, key } = start();
  await history.addMessage("s", user("a"));
  await redis.command("PEXPIRE", key("words"), "5000");
  await history.addMessage("s", user("b"));
  expect(await redis.command("PTTL", key("words"))).toBeGreaterThan(50_000);
  await history.expire("s", 5);
  expect(await redis.command("PTTL", key("words"))).toBeLessThanOrEqual(5000);
  await redis.command("DEL", key("words"));
  await history.search("s", "a", ALL);
  expect(await redis.command("PTTL", key("words"))).toBeGreaterThan(0);
  expect(await redis.command("PTTL", key("words"))).toBeLessThanOrEqual(5000);
});

test("damaged entries are computed again, and terms of a session that is gone are removed", async () => {
  const { history, key, words, records } = start();
  await redis.command("RPUSH", key("words"), "uAAAA", "aAAAA");
  await history.store("s", "My tent is green", "Green is nice");
  await redis.command("LSET", key("words"), "0", "nonsense");
  expect(contents(await history.search("s", "tent", ALL))).toContain("My tent is green");
  expect(await words()).toEqual(entriesOf(await records()));
  await redis.command("DEL", key("words"));
  await redis.command("HSET", key("words"), "a", "b");
  await expect(history.search("s", "tent", ALL)).rejects.toMatchObject({ code: "damaged" });
});

test.each(["words", "vectors", "summary"] as const)(
  "a session whose key of %s is damaged is written as another one",
  async (part) => {
    const { name, history, turns } = start();
    await history.create("s", { items: [user("Hi"), { ...user("Ho"), id: "ho" }] });
    const key = sessionKeys(name, "local", "s")[part];
    await redis.command("DEL", key);
    await redis.command("SET", key, "mine");
    await history.addMessage("s", user("My tent is green"));
    await history.updateMessage("s", "ho", { content: "Hey" });
    await history.replaceFrom("s", "ho", [{ ...user("Hello"), id: "ho" }, user("Well")]);
    await history.drop("s");
    const begun = await turns.begin("s", { content: "And?" });
    if (begun.kind !== "begun") throw new Error(`not begun but ${begun.kind}`);
    begun.writer.write("So.");
    expect(await begun.writer.end("completed")).toMatchObject({ status: "completed", count: 4 });
    const items = await Array.fromAsync(history.items("s"));
    expect(items.map(({ content }) => content)).toEqual(["Hi", "Hello", "And?", "So."]);
  },
);

test("leaves out the turns that are excluded, and returns the next best", async () => {
  const { history } = start();
  await history.addMessages("s", [
    { ...user("My tent is green"), id: "green" },
    assistant("Green is nice"),
    user("The tent is wet"),
    assistant("Hang it up"),
  ]);
  const search = (exclude: readonly string[]) =>
    history.search("s", "green tent", { maxTokens: 2, countTokens: () => 1, minCoverage: 0, exclude });
  expect(contents(await search([]))).toEqual(["My tent is green", "Green is nice"]);
  expect(contents(await search(["green", "unknown"]))).toEqual(["The tent is wet", "Hang it up"]);
  await expect(search([""])).rejects.toThrow(TypeError);
});

test("a message of 1 MB is found by its first words", async () => {
  const { history, key } = start();
  await history.addMessage("s", user(`The password of the vault ${"lorem ipsum ".repeat(90_000)}`));
  expect((await history.search("s", "vault", ALL)).matched).toBe(1);
  expect(await redis.command("STRLEN", key("meta")).catch(() => 0)).toBe(0);
  const [entry = ""] = (await redis.command("LRANGE", key("words"), "0", "0")) as string[];
  expect(entry.length).toBeLessThanOrEqual(1 + 255 * 4);
});

test("reads the newest items up to a limit, or until the time is over", async () => {
  const { history, name } = start();
  for (let n = 0; n < 12; n++) await history.addMessages("s", Array(500).fill(user("Word")));
  const run = runOn(name, "s");
  const search = (limits: Parameters<typeof searchSession>[4]) =>
    searchSession(run, "word", ALL, undefined, limits);
  let clock = 0;
  expect(await search({ maxItems: 5_500, now: () => 0 })).toMatchObject({ searched: 5_500, total: 6_000 });
  expect(await search({ now: () => (clock += 30) })).toMatchObject({ searched: 5_000, total: 6_000 });
  expect(await search({ now: () => 0 })).toMatchObject({ searched: 6_000, total: 6_000 });
});

test("room that no further turn fits into costs no further round trips", async () => {
  const { name, history } = start();
  const said = Array.from({ length: 300 }, (_, n) => [user(`Bees ${n}`), assistant("They make honey.")]);
  await history.addMessages("s", said.flat());
  const run = runOn(name, "s");
  let ranges = 0;
  const counted: RunScript = (script, args) => {
    if (script === READ_RANGES) ranges++;
    return run(script, args);
  };
  // Each turn has 200 tokens, so that 100 of the 500 stay free.
  const options = { maxTokens: 500, countTokens: () => 100, minCoverage: 0 };
  const { hits, matched } = await searchSession(counted, "bees and honey", options);
  expect([hits.length, matched, ranges]).toEqual([2, 300, 1]);
});

test("a window that moves on with each turn costs one round trip for a search, as one that stays", async () => {
  const { name, history } = start();
  await history.addMessages(
    "s",
    Array(40)
      .fill([user("Bees"), assistant("They make honey.")])
      .flat(),
  );
  const ids = (await history.getRecent("s", { k: 80 })).map(({ id }) => id);
  const idOf = (index: number) => ids[index] ?? "";
  const run = runOn(name, "s");
  const scripts: string[] = [];
  const counted: RunScript = (script, args) => {
    scripts.push(script === READ_RANGES ? "items" : "terms");
    return run(script, args);
  };
  const search = (index: number, known?: Parameters<typeof searchSession>[3]) =>
    searchSession(counted, "bees", { ...ALL, maxTokens: 2, before: idOf(index) }, known);
  const { known, searched, total } = await search(20);
  expect([searched, total]).toEqual([20, 20]);
  for (const index of [22, 24, 70]) {
    expect(await search(index, known)).toMatchObject({ searched: index, total: index });
  }
  expect(scripts).toEqual(["terms", "items", "items", "items", "items"]);
  // What was dropped meanwhile is not found.
  await history.drop("s", idOf(68));
  expect(await search(70, known)).toMatchObject({ searched: 69, total: 69 });
});

test("entries behind the window's beginning are read once, and those of removed items never", async () => {
  const { name, history, key } = start();
  const added = await history.addMessages("s", Array(40).fill(user("Bees")));
  await redis.command("RPUSH", key("words"), ...Array<string>(10).fill("aAAAA"));
  const run = runOn(name, "s");
  const entries: number[] = [];
  const counting: RunScript = async (script, args) => {
    const reply = await run(script, args);
    entries.push(reply.length - 6);
    return reply;
  };
  const search = (index: number, known?: Parameters<typeof searchSession>[3]) =>
    searchSession(counting, "badger", { ...ALL, before: added[index]?.id }, known);
  const { known } = await search(20);
  expect(known.end).toBe(40);
  for (const index of [20, 22, 10]) {
    expect(await search(index, known)).toMatchObject({ hits: [], searched: index, total: index });
  }
  expect(entries).toEqual([40, 0, 0, 0]);
});

test("a session of 200,000 messages is searched in its newest 20,000, in calls of bounded size", async () => {
  const { history, name } = start();
  const filler = Array.from({ length: 10_000 }, (_, n) => (n % 2 ? assistant("Rain") : user("Weather")));
  await history.addMessages("s", [user("The oldest badger"), ...filler.slice(1)]);
  for (let n = 0; n < 19; n++) await history.addMessages("s", filler);
  await history.store("s", "The newest badger", "Noted");
  const run = runOn(name, "s");
  const entries: number[] = [];
  const counting: RunScript = async (script, args) => {
    const reply = await run(script, args);
    entries.push(reply.length);
    return reply;
  };
  const query = { ...ALL, maxTokens: 10 };
  const found = await searchSession(counting, "badger", query, undefined, { now: () => 0 });
  expect(found).toMatchObject({ searched: 20_000, total: 200_002 });
  expect(contents(found).slice(-2)).toEqual(["The newest badger", "Noted"]);
  expect(contents(found)).not.toContain("The oldest badger");
  expect(Math.max(...entries)).toBeLessThan(5_100);
  const again = await searchSession(counting, "badger", query, found.known, { now: () => 0 });
  expect(contents(again)).toEqual(contents(found));
  // The second search gets only what it returns.
  expect(entries.at(-2)).toBe(6);
});

test.each([connectNodeRedis, connectIoRedis])("searches through %o", async (connect) => {
  const connection = await connect();
  onTestFinished(() => connection.close());
  const { name } = start();
  const history = new MessageHistory({ client: connection.client, name, recall: true });
  await history.store("s", "My name is Bob", "Hello Bob");
  expect(contents(await history.search("s", "name", ALL))).toEqual(["My name is Bob", "Hello Bob"]);
});

test("whatever is done to a session, a search finds what is in it and nothing else", async () => {
  const WORDS = ["apple", "berry", "cedar", "delta", "ember"];
  const word = fc.constantFrom(...WORDS);
  const at = fc.nat({ max: 8 });
  const operation = fc.oneof(
    fc.record({
      kind: fc.constant("add" as const),
      recall: fc.boolean(),
      text: fc.array(word, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("turn" as const), recall: fc.boolean(), text: word, cancel: fc.boolean() }),
    fc.record({ kind: fc.constantFrom("drop" as const, "truncate" as const), recall: fc.boolean(), at }),
    fc.record({
      kind: fc.constantFrom("update" as const, "replace" as const),
      recall: fc.boolean(),
      at,
      text: word,
    }),
    fc.record({
      kind: fc.constantFrom("search" as const, "fork" as const, "clear" as const, "pop" as const),
    }),
  );
  const { name, key, plain, history: byWords, archive, records } = start();
  const options = { client: redis.client, name, ttlSeconds: 60 };
  const embedder = trigramEmbedder();
  const history = new MessageHistory({ ...options, recall: true, embedder });
  const writers = [new Turns(options), new Turns({ ...options, recall: true, embedder })] as const;
  let runs = 0;
  const check = async (
    operations: readonly (typeof operation extends fc.Arbitrary<infer T> ? T : never)[],
  ) => {
    const run = runs++;
    let session = `s${run}`;
    for (const [step, op] of operations.entries()) {
      const of = "recall" in op && op.recall ? history : plain;
      const ids = (await Array.fromAsync(plain.items(session))).map(({ id }) => id);
      const id = "at" in op ? ids[op.at] : undefined;
      if (op.kind === "add")
        await of.addMessages(
          session,
          op.text.map((text, n) => (n === 1 ? assistant(text) : user(text))),
        );
      else if (op.kind === "turn") {
        const turns = writers[op.recall ? 1 : 0];
        const begun = await turns.begin(session, { content: op.text });
        if (begun.kind !== "begun") throw new Error(begun.kind);
        begun.writer.write(`${op.text} answer`);
        if (op.cancel) await turns.cancel(session, begun.writer.id);
        await begun.writer.end("failed");
        if (!op.cancel && op.recall) {
          const again = await turns.begin(session, { retryOf: begun.writer.id });
          if (again.kind !== "begun") throw new Error(again.kind);
          await again.writer.end("completed");
        }
      } else if (op.kind === "drop" && id) await of.drop(session, id);
      else if (op.kind === "truncate" && id) await of.truncate(session, { from: id });
      else if (op.kind === "update" && id) await of.updateMessage(session, id, { content: op.text });
      else if (op.kind === "replace" && id)
        await of.replaceFrom(session, id, [{ ...user(op.text), id }, assistant("new")]);
      else if (op.kind === "search") {
        const before = ids[Math.floor(ids.length / 2)];
        await plain.search(session, "apple", { ...ALL, ...(before && { before }) });
        await history.search(session, "apple", ALL);
      } else if (op.kind === "pop") await plain.pop(session);
      else if (op.kind === "clear") await plain.clear(session);
      else if (op.kind === "fork" && ids.length > 0) {
        const fork = `s${run}-${step}`;
        await archive.fork(session, fork);
        session = fork;
      }
    }
    const items = await Array.fromAsync(plain.items(session));
    for (const one of WORDS) {
      const found = await byWords.search(session, one, ALL);
      // What this process remembers of earlier searches makes no difference.
      const {
        missing: _,
        known: __,
        turns: ___,
        ...anew
      } = await searchSession(runOn(name, session), one, ALL);
      expect(JSON.stringify(found)).toEqual(JSON.stringify(anew));
      expect(found).toMatchObject({ searched: items.length, total: items.length });
      const ids = new Set(items.map(({ id }) => id));
      const has = ({ content }: Item) => content.split(" ").includes(one);
      const missing = items.filter((item) => has(item) && !found.messages.some(({ id }) => id === item.id));
      expect(missing).toEqual([]);
      expect(found.messages.filter((item) => !ids.has(item.id))).toEqual([]);
      expect(found.hits.filter(({ terms }) => terms.length > 0).length).toBeGreaterThanOrEqual(
        Number(items.some(has)),
      );
      expect(found.hits.some(({ terms }) => terms.length > 0)).toBe(items.some(has));
    }
    expectVectors(await records(session), await vectors(session), "some");
    await history.embedTurns(session);
    expectVectors(await records(session), await vectors(session), "all");
    const similar = await history.search(session, "apple", ALL);
    expect(similar.messages.filter(({ id }) => !items.some((item) => item.id === id))).toEqual([]);
  };
  const vectors = (session: string) =>
    redis.command("LRANGE", key("vectors", session), "0", "-1") as Promise<string[]>;
  await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 8 }), check), {
    numRuns: Number(process.env.SEARCH_SEQUENCES ?? 200),
    // On a machine with other work, as many as there is time for.
    interruptAfterTimeLimit: LIMIT_MS,
  });
}, 60_000);
