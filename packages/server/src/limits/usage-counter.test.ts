import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { connectNodeRedis, removeKeys, uniqueName } from "../../../memory/test/redis.ts";
import { UsageCounter } from "./usage-counter.ts";
import { limitsWithoutRedis } from "./without-redis.fixture.ts";

const QUOTA = 10;

async function onRedis() {
  const redis = await connectNodeRedis();
  const name = uniqueName();
  onTestFinished(async () => {
    await removeKeys(redis, name);
    await redis.close();
  });
  const { client } = redis;
  if (!("evalSha" in client)) throw new Error("not a client of @redis/client");
  return { counter: new UsageCounter(client, name), redis, name };
}

const PLACES = {
  "in Redis": async () => (await onRedis()).counter,
  "in the process, while Redis is unavailable": async () => limitsWithoutRedis().counter,
};

describe.each(Object.entries(PLACES))("usage that is counted %s", (_, start) => {
  let counter: UsageCounter;
  beforeEach(async () => {
    counter = await start();
  });
  const take = (units: number, subject = "alice") => counter.take("tokens", subject, units, QUOTA);

  test("is taken until the quota is used up", async () => {
    expect(await take(4)).toMatchObject({ allowed: true, remaining: 6 });
    expect(await take(6)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await take(1)).toMatchObject({ allowed: false, remaining: 0 });
  });

  test("does not grow by what is refused", async () => {
    await take(4);
    expect(await take(7)).toMatchObject({ allowed: false, remaining: 6 });
    expect(await take(6)).toMatchObject({ allowed: true });
  });

  test("is counted for each subject and kind", async () => {
    await take(QUOTA);
    expect(await take(1, "bob")).toMatchObject({ allowed: true });
    expect(await counter.take("usd", "alice", 1, QUOTA)).toMatchObject({ allowed: true });
  });

  test("can be given back, but never below zero", async () => {
    await take(QUOTA);
    counter.adjust("tokens", "alice", -3);
    await expect.poll(async () => (await take(0)).remaining).toBe(3);
    counter.adjust("tokens", "alice", -1000);
    await expect.poll(async () => (await take(0)).remaining).toBe(QUOTA);
  });

  test("can exceed the quota by what is added without a check", async () => {
    counter.adjust("tokens", "alice", QUOTA + 5);
    await expect.poll(async () => (await take(1)).allowed).toBe(false);
  });

  test("says when its window ends", async () => {
    const { resetMs } = await take(1);
    expect(resetMs).toBeGreaterThan(0);
    expect(resetMs).toBeLessThanOrEqual(86_400_000);
  });
});

test("all units that are taken at once are counted in Redis", async () => {
  const { counter } = await onRedis();
  const all = await Promise.all(Array.from({ length: 30 }, () => counter.take("tokens", "alice", 1, QUOTA)));
  expect(all.filter(({ allowed }) => allowed)).toHaveLength(QUOTA);
});

test("a count in Redis has the TTL of its window, and a later use does not renew it", async () => {
  const { counter, redis, name } = await onRedis();
  await counter.take("requests", "alice", 1, QUOTA);
  const key = `${name}:limits:requests:alice`;
  await redis.command("EXPIRE", key, "10");
  expect((await counter.take("requests", "alice", 1, QUOTA)).resetMs).toBeLessThanOrEqual(10_000);
  expect(await redis.command("TTL", key)).toBeLessThanOrEqual(10);
});

test("a count in the process begins anew when its window ends", async () => {
  const { counter, clock } = limitsWithoutRedis();
  const take = (units: number) => counter.take("requests", "alice", units, QUOTA);
  await take(QUOTA);
  clock.now += 40_000;
  expect(await take(1)).toEqual({ allowed: false, remaining: 0, resetMs: 20_000 });
  clock.now += 20_001;
  expect(await take(1)).toEqual({ allowed: true, remaining: 9, resetMs: 60_000 });
});
