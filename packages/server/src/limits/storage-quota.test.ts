import { expect, onTestFinished, test } from "vitest";
import { connectNodeRedis, removeKeys, uniqueName } from "../../../memory/test/redis.ts";
import { CallerQuota } from "./storage-quota.ts";
import { limitsWithoutRedis } from "./without-redis.fixture.ts";

const OVERHEAD = 1024;

async function start(kept: { maxSessions?: number; maxBytes?: number }, bytesPerDay: number | null = null) {
  const redis = await connectNodeRedis();
  const name = uniqueName();
  onTestFinished(async () => {
    await removeKeys(redis, name);
    await redis.close();
  });
  const { limits, account } = limitsWithoutRedis();
  const accounts = [account({ storedBytesPerDay: bytesPerDay, requestsPerMinute: 5 })];
  return new CallerQuota(limits, accounts, { client: redis.client, name, owner: "alice", ...kept });
}

test("refuses more sessions than the owner may have, and says when one expires", async () => {
  const quota = await start({ maxSessions: 1 });
  await quota.reserve("s1", 10);
  await quota.reserve("s1", 10);
  await expect(quota.reserve("s2", 10)).rejects.toMatchObject({
    code: "storage_limit_reached",
    message: "No more than 1 session can be kept. Delete a session, or wait until one has expired.",
    limit: { policy: "sessions", quota: 1, remaining: 0 },
  });
});

test("refuses more bytes than the owner may keep, and takes what is given back", async () => {
  const quota = await start({ maxBytes: 100 });
  const release = await quota.reserve("s", 60);
  await expect(quota.reserve("s", 60)).rejects.toMatchObject({ limit: { policy: "bytes", quota: 100 } });
  release();
  await expect.poll(() => quota.reserve("s", 100).then(() => "reserved", String)).toBe("reserved");
});

test("counts what is added without a check", async () => {
  const quota = await start({ maxBytes: 100 });
  await quota.reserve("s", 10);
  quota.add("s", 85);
  await expect.poll(() => quota.reserve("s", 10).catch(({ code }) => code)).toBe("storage_limit_reached");
});

test("takes nothing of the day's bytes if the owner may not keep more", async () => {
  const quota = await start({ maxBytes: 100 }, 3 * OVERHEAD);
  await expect(quota.reserve("s", 101)).rejects.toMatchObject({ limit: { policy: "bytes" } });
  await expect(quota.reserve("s", 101)).rejects.toMatchObject({ limit: { policy: "bytes" } });
  await expect(quota.reserve("s", 101)).rejects.toMatchObject({ limit: { quota: 100 } });
  await quota.reserve("s", 100);
});

test("counts each write with what Redis needs beside its text", async () => {
  const quota = await start({}, 2 * OVERHEAD + 10);
  await quota.reserve("s", 5);
  await quota.reserve("s", 5);
  await expect(quota.reserve("s", 0)).rejects.toMatchObject({ code: "storage_limit_reached" });
});

test("counts what is read as requests, and reads its size only if that is limited", async () => {
  const quota = await start({});
  expect(await quota.read(async () => 3 * 128 * 1024)).toBe(3 * 128 * 1024);
  await expect(quota.read(async () => 3 * 128 * 1024)).rejects.toMatchObject({ code: "rate_limited" });
  const { limits, account } = limitsWithoutRedis();
  const client = { eval: () => Promise.reject(new Error()), evalSha: () => Promise.reject(new Error()) };
  const unlimited = new CallerQuota(limits, [account({})], { client, owner: "bob" });
  expect(await unlimited.read(() => Promise.reject(new Error("not expected")))).toBe(0);
});
