import { describe, expect, test } from "vitest";
import { type Connection, connectNodeRedis } from "../../test/redis.ts";
import { trigramEmbedder } from "../../test/trigram-embedder.ts";
import { useRedis } from "../../test/use-redis.ts";
import { type Embedder, MessageHistory, type NewItem } from "../index.ts";
import { sessionKeys } from "../redis/keys.ts";

let redis: Connection;
let name: string;
useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
});

function start() {
  const options = { client: redis.client, name, ttlSeconds: 60, recall: true };
  return { name, options, history: new MessageHistory(options) };
}

const user = (content: string): NewItem => ({ role: "user", content });
const assistant = (content: string): NewItem => ({ role: "assistant", content });
const ALL = { maxTokens: 10_000, countTokens: () => 1, minCoverage: 0 };
const ids = (...sessionIds: string[]) => sessionIds.map((sessionId) => ({ sessionId }));

test("finds turns in all sessions, and says in which", async () => {
  const { history } = start();
  await history.store("a", "My tent is green", "A fine tent");
  await history.addMessages("b", [assistant("Where is the tent?"), user("In the cellar"), assistant("Ok")]);
  await history.store("c", "It rains", "It does");
  const found = await history.searchSessions(ids("a", "b", "c", "none"), "tent", ALL);
  expect(found).toMatchObject({ sessions: ["a", "b", "c"], searched: 7, total: 7 });
  const texts = found.hits.map(({ sessionId, messages }) => [sessionId, ...messages.map((m) => m.content)]);
  expect(texts).toEqual([
    // A turn that begins without a user's message stays in its session.
    ["b", "Where is the tent?"],
    ["a", "My tent is green", "A fine tent"],
    // Beside a turn that has the word; the one in another session is not.
    ["b", "In the cellar", "Ok"],
  ]);
  const [first] = found.hits;
  expect(first).toMatchObject({ from: 0, to: 1, id: first?.messages[0]?.id, terms: [{ term: "tent" }] });
});

test("a word that is rare in all sessions together counts more", async () => {
  const { history } = start();
  for (let n = 0; n < 10; n++) await history.store("long", `The garden number ${n}`, "Nice");
  await history.store("long", "The badger", "Oh");
  await history.store("short", "A garden", "Yes");
  const { hits } = await history.searchSessions(ids("short", "long"), "badger garden", ALL);
  expect(hits[0]?.messages[0]?.content).toBe("The badger");
});

test("searches only what is older than an item, where one is named", async () => {
  const { history } = start();
  await history.addMessages("a", [
    user("My old tent"),
    assistant("Ok"),
    { ...user("My new tent"), id: "new" },
    assistant("Ok"),
  ]);
  await history.store("b", "Another tent", "Ok");
  const sessions = [{ sessionId: "a", before: "new" }, { sessionId: "b" }];
  const { hits, total } = await history.searchSessions(sessions, "tent", ALL);
  expect(hits.map(({ messages }) => messages[0]?.content).sort()).toEqual(["Another tent", "My old tent"]);
  expect(total).toBe(4);
});

test("what is dropped, cleared or written later is followed", async () => {
  const { history } = start();
  await history.addMessages("a", [{ ...user("My tent is green"), id: "tent" }]);
  await history.store("b", "The tent is wet", "Oh");
  const search = () => history.searchSessions(ids("a", "b"), "tent", ALL);
  expect((await search()).hits).toHaveLength(2);
  await history.drop("a", "tent");
  expect((await search()).hits.map(({ sessionId }) => sessionId)).toEqual(["b"]);
  await history.clear("b");
  expect(await search()).toMatchObject({ hits: [], sessions: ["a"], searched: 0 });
  await history.store("b", "A new tent", "Oh");
  expect((await search()).hits).toHaveLength(1);
});

test("keeps whole turns that fit, the most relevant first", async () => {
  const { history } = start();
  await history.store("a", "tent tent tent", "Ok");
  await history.store("b", "A tent and much else that makes this turn longer", "Ok");
  const { hits, matched } = await history.searchSessions(ids("b", "a"), "tent", { ...ALL, maxTokens: 3 });
  expect(hits.map(({ sessionId }) => sessionId)).toEqual(["a"]);
  expect(matched).toBe(2);
});

test("passes over a session that cannot be read, and fails when Redis is away", async () => {
  const { history, name, options } = start();
  await history.store("a", "My tent is green", "Ok");
  await redis.command("SET", sessionKeys(name, "local", "damaged").messages, "text");
  const found = await history.searchSessions(ids("damaged", "a"), "tent", ALL);
  expect(found).toMatchObject({ sessions: ["a"], hits: [{ sessionId: "a" }] });
  const other = await connectNodeRedis();
  const away = new MessageHistory({ ...options, client: other.client, timeoutMs: 100 });
  await other.close();
  await expect(away.searchSessions(ids("a"), "tent", ALL)).rejects.toMatchObject({ code: "unavailable" });
});

test("another owner's session of the same id is not searched", async () => {
  const { history, options } = start();
  await history.store("a", "My tent is green", "Ok");
  const bobs = new MessageHistory({ ...options, owner: "bob" });
  expect(await bobs.searchSessions(ids("a", "local/a", "a}"), "tent", ALL)).toMatchObject({
    sessions: [],
    hits: [],
  });
});

test("searches at most 20,000 items, and 5,000 of one session", async () => {
  const { history } = start();
  const many = Array.from({ length: 10 }, (_, n) => `s${n}`);
  const filler = Array.from({ length: 6_000 }, (_, n) => (n % 2 ? assistant("Rain") : user("Weather")));
  for (const id of many) await history.addMessages(id, filler);
  const found = await history.searchSessions(ids(...many), "weather", { ...ALL, maxTokens: 2 });
  expect(found.searched).toBeLessThanOrEqual(20_000);
  expect(found.searched).toBeGreaterThan(19_000);
  expect(found.hits).toHaveLength(1);
});

test("refuses what is no list of sessions", async () => {
  const { history } = start();
  await expect(history.searchSessions([{ sessionId: "" }], "tent", ALL)).rejects.toThrow(TypeError);
  await expect(history.searchSessions([{ sessionId: "a", before: "" }], "x", ALL)).rejects.toThrow(TypeError);
});

describe("by meaning", () => {
  const PAIRS = [
    ["I adore margherita pizzas", "Noted"],
    ["The roof leaks in winter", "Call a roofer"],
  ] as const;
  const QUESTION = "xmargherita ypizzas";

  async function startSemantic(embedder: Embedder = trigramEmbedder()) {
    const { history: lexical, options } = start();
    for (const [n, [said, answered]] of PAIRS.entries()) {
      // A turn without a user's message is first: it is not one with the turn before it, in another session.
      await lexical.addMessages(`s${n}`, [assistant("Good morning"), user(said), assistant(answered)]);
    }
    const history = new MessageHistory({ ...options, embedder });
    return { lexical, history, sessions: ids("s0", "s1") };
  }

  test("finds turns that share no word with the query, if their sessions have vectors", async () => {
    const { lexical, history, sessions } = await startSemantic();
    expect((await lexical.searchSessions(sessions, QUESTION, ALL)).hits).toEqual([]);
    // A search makes none: 50 sessions would take minutes.
    const before = await history.searchSessions(sessions, QUESTION, ALL);
    expect(before).toMatchObject({ hits: [], vectors: { compared: 0, damaged: 0 } });
    await history.embedTurns("s0");
    const { hits, vectors } = await history.searchSessions(sessions, QUESTION, ALL);
    expect(hits[0]).toMatchObject({ sessionId: "s0", from: 1, to: 3, terms: [] });
    expect(hits[0]?.similarity).toBeGreaterThan(0.4);
    expect(vectors?.compared).toBeGreaterThan(0);
    // The same similarity as in a search of the one session.
    const [alone] = (await history.search("s0", QUESTION, ALL)).hits;
    expect(hits[0]?.similarity).toBe(alone?.similarity);
  });

  test("finds turns by words and reports why when the embedder fails", async () => {
    const working = await startSemantic();
    await working.history.embedTurns("s0");
    const { options } = start();
    const broken = { ...trigramEmbedder(), embed: () => Promise.reject(new Error("down")) };
    const history = new MessageHistory({ ...options, embedder: broken });
    const { hits, vectors } = await history.searchSessions(working.sessions, "roof in winter", ALL);
    expect(hits[0]).toMatchObject({ sessionId: "s1", from: 1, to: 3 });
    expect(vectors).toMatchObject({ compared: 0, failed: "failed" });
    const away = new MessageHistory({ ...options, embedder: { ...broken, isReady: () => false } });
    const unready = await away.searchSessions(working.sessions, "roof in winter", ALL);
    expect(unready.vectors).toMatchObject({ compared: 0, failed: "unavailable" });
  });
});
