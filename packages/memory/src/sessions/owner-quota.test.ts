import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Connection, connectNodeRedis, keysOf, removeKeys, uniqueName } from "../../test/redis.ts";
import { MessageHistory, OwnerQuota, type OwnerQuotaOptions } from "../index.ts";
import { parseKey } from "../redis/keys.ts";

let redis: Connection;
beforeAll(async () => {
  redis = await connectNodeRedis();
});
afterAll(() => redis.close());

function start(limits: Pick<OwnerQuotaOptions, "maxSessions" | "maxBytes">, ttlSeconds = 60) {
  const name = uniqueName();
  onTestFinished(() => removeKeys(redis, name));
  const options = { client: redis.client, name, owner: "alice", ttlSeconds };
  return { name, history: new MessageHistory(options), quota: new OwnerQuota({ ...options, ...limits }) };
}

const say = (content: string) => ({ role: "user" as const, content });

test("a session too many is refused, with when the next one goes; one that is there never is", async () => {
  const { quota, history } = start({ maxSessions: 2 });
  for (const id of ["a", "b"]) {
    expect(await quota.admit(id, 10)).toEqual({ kind: "admitted" });
    await history.addMessage(id, say("Hi"));
  }
  const refused = await quota.admit("c", 10);
  expect(refused).toMatchObject({ kind: "too_many_sessions" });
  expect(refused.kind !== "admitted" && refused.freeInMs).toBeGreaterThan(50_000);
  expect(await quota.admit("a", 10)).toEqual({ kind: "admitted" });
});

test("limits and sizes that are none are refused: they would let everything in", async () => {
  for (const limit of [-1, 1.5, Number.NaN, "5" as unknown as number]) {
    expect(() => start({ maxSessions: limit })).toThrow(TypeError);
    expect(() => start({ maxBytes: limit })).toThrow(TypeError);
  }
  const { quota } = start({ maxBytes: 10 });
  for (const bytes of [Number.NaN, Number.POSITIVE_INFINITY, "5" as unknown as number]) {
    await expect(quota.admit("a", bytes)).rejects.toThrow(TypeError);
    expect(() => quota.grow("a", bytes)).toThrow(TypeError);
  }
});

test("it holds exactly, however many ask at once", async () => {
  const { quota } = start({ maxSessions: 50, maxBytes: 1_000_000 });
  const asked = await Promise.all(Array.from({ length: 500 }, (_, n) => quota.admit(`s${n}`, 1)));
  expect(asked.filter(({ kind }) => kind === "admitted")).toHaveLength(50);
});

test("bytes are counted over all sessions; what is given back or gone counts no longer", async () => {
  const { quota, history } = start({ maxBytes: 100 });
  expect(await quota.admit("a", 60)).toEqual({ kind: "admitted" });
  await history.addMessage("a", say("Hi"));
  expect(await quota.admit("b", 60)).toMatchObject({ kind: "too_many_bytes" });
  quota.grow("a", -30);
  // The caller does not wait for that.
  await expect.poll(() => quota.admit("b", 60)).toEqual({ kind: "admitted" });
  expect(await quota.admit("b", 20)).toMatchObject({ kind: "too_many_bytes" });
});

test("a session that was cleared makes room", async () => {
  const { quota, history } = start({ maxSessions: 1, maxBytes: 100 });
  // Often, as some are cleared in the millisecond of their last use.
  for (let n = 0; n < 20; n++) {
    // A session that was cleared leaves the list a moment later.
    await expect.poll(() => quota.admit(`s${n}`, 100)).toEqual({ kind: "admitted" });
    await history.addMessage(`s${n}`, say("Hi"));
    await history.clear(`s${n}`);
  }
});

test("a session that has expired makes room, and nothing outlives the list", async () => {
  const { quota, name } = start({ maxSessions: 1, maxBytes: 100 }, 1);
  await quota.admit("a", 100);
  expect(await quota.admit("b", 1)).toMatchObject({ kind: "too_many_sessions" });
  await expect.poll(() => quota.admit("b", 100)).toEqual({ kind: "admitted" });
  for (const key of await keysOf(redis, name)) expect(await redis.command("PTTL", key)).toBeGreaterThan(0);
});

test.each(["local", "alice", "a/b", "{x}%2F", "guest:1", "%7B"])(
  "finds the owner %j by each of their keys",
  async (owner) => {
    const name = uniqueName();
    onTestFinished(() => removeKeys(redis, name));
    const options = { client: redis.client, name, owner, ttlSeconds: 60 };
    await new OwnerQuota({ ...options, maxBytes: 10 }).admit("a/b", 5);
    await new MessageHistory(options).addMessage("a/b", say("Hi"));
    const keys = await keysOf(redis, name);
    expect(keys.length).toBeGreaterThanOrEqual(5);
    const parsed = keys.map((key) => parseKey(name, key));
    expect(new Set(parsed.map((of) => of?.owner))).toEqual(new Set([owner]));
    expect(new Set(parsed.map((of) => of?.sessionId))).toEqual(new Set([null, "a/b"]));
  },
);

test("a key of no session has no owner", () => {
  for (const key of ["other:{a}:meta", "n:api_key:1", "n:limits:requests:owner:alice", "n:"])
    expect(parseKey("n", key)).toBeNull();
});
