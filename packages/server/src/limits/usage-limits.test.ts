import { expect, test } from "vitest";
import { limitsWithoutRedis } from "./without-redis.fixture.ts";

const KIB_128 = 128 * 1024;

test("a request counts once, and once more for each 128 KiB that it moves", async () => {
  const { limits, account } = limitsWithoutRedis();
  const alice = account({ requestsPerMinute: 10 });
  expect(await limits.takeRequest(alice)).toMatchObject({ policy: "requests", quota: 10, remaining: 9 });
  expect(await limits.takeRequest(alice, 2 * KIB_128)).toMatchObject({ remaining: 6 });
  await limits.takeBytesMoved([alice], KIB_128);
  limits.countBytesMoved([alice], 3 * KIB_128);
  await expect.poll(async () => (await limits.takeRequest(alice, 0))?.remaining).toBeLessThanOrEqual(1);
});

test("a request that is larger than the minute's quota takes all of it", async () => {
  const { limits, account } = limitsWithoutRedis();
  const alice = account({ requestsPerMinute: 10 });
  expect(await limits.takeRequest(alice, 1000 * KIB_128)).toMatchObject({ remaining: 0 });
  await expect(limits.takeRequest(alice)).rejects.toMatchObject({
    code: "rate_limited",
    message: "These are too many requests for one minute. Try again in 60 s.",
    retryAfter: 60,
    limit: { policy: "requests", quota: 10, remaining: 0, windowSeconds: 60 },
  });
});

test("what is not limited is not counted", async () => {
  const { limits, account } = limitsWithoutRedis();
  const alice = account({});
  expect(await limits.takeRequest(alice)).toBeNull();
  await limits.take([alice], { tokens: 1e9, usd: 1e9, bytes: 1e12 });
  expect(limits.isLimited([alice], "requests", "tokens", "usd", "bytes")).toBe(false);
  expect(limits.isLimited([alice, account({ usdPerDay: 1 })], "tokens", "usd")).toBe(true);
});

test("all amounts are taken from each account, or none", async () => {
  const { limits, account } = limitsWithoutRedis();
  const owner = account({ tokensPerDay: 100, usdPerDay: 5 });
  const address = account({ tokensPerDay: 50 }, "address:192.0.2.1");
  await expect(limits.take([owner, address], { usd: 1, tokens: 60 })).rejects.toMatchObject({
    code: "allowance_used",
    message: "The tokens for one day are used up. Try again in 24 hours.",
  });
  // Nothing was kept of the owner's tokens and money.
  await expect.poll(() => limits.take([owner], { usd: 5, tokens: 100 }).catch(String)).toBeUndefined();
});

test("money is counted in millionths of a dollar", async () => {
  const { limits, account } = limitsWithoutRedis();
  const alice = account({ usdPerDay: 0.000_002 });
  await limits.take([alice], { usd: 0.000_001 });
  await limits.take([alice], { usd: 0.000_001 });
  await expect(limits.take([alice], { usd: 0.000_001 })).rejects.toMatchObject({
    code: "allowance_used",
    limit: { policy: "usd", quota: 0.000_002, remaining: 0 },
  });
});

test("slots are taken from each account, or none, and released once", async () => {
  const { limits, account } = limitsWithoutRedis();
  const owner = account({ streams: 2 });
  const address = account({ streams: 1 }, "address:192.0.2.1");
  const release = await limits.acquireSlots([owner, address]);
  await expect(limits.acquireSlots([owner, address])).rejects.toMatchObject({
    code: "too_many_streams",
    limit: { policy: "streams", quota: 1, remaining: 0 },
  });
  // The refused request has kept no slot of the owner.
  const second = await limits.acquireSlots([owner]);
  release();
  release();
  await limits.acquireSlots([address]);
  await limits.acquireSlots([owner]);
  await expect(limits.acquireSlots([owner])).rejects.toMatchObject({ code: "too_many_streams" });
  second();
});

test("requests that come at the same time get no more slots than there are", async () => {
  const { limits, account } = limitsWithoutRedis();
  const owner = account({ streams: 2 });
  const asked = await Promise.allSettled(Array.from({ length: 5 }, () => limits.acquireSlots([owner])));
  expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
});

test("an account has the limits of its group, else those of all owners", () => {
  const { limits } = limitsWithoutRedis();
  expect(limits.ownerAccount({ owner: "alice", group: null, via: "key" }).subject).toBe("owner:alice");
  expect(limits.addressAccount("2001:db8:1:2:3::4")).toMatchObject({
    subject: "address:2001:db8:1:2::/64",
    prefix: "address-",
  });
});
