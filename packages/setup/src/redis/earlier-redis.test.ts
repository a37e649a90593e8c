import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serverBinary } from "../../../memory/test/servers.ts";
import { isAlive } from "../../base/end-process.mjs";
import { forgetRedis, recordRedis, shareEarlierRedis } from "./earlier-redis.ts";
import { type PrivateRedis, startPrivateRedis } from "./private-redis.ts";

let folder: string;
let redis: PrivateRedis;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "earlier-"));
  redis = await startPrivateRedis({ binary: serverBinary(), folder, persistent: true });
  recordRedis(folder, redis);
});
afterEach(async () => {
  await redis.end();
  rmSync(folder, { recursive: true });
});

function changeRecord(change: object): void {
  const path = join(folder, "private-redis.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...change }));
}

test("one that still serves another start is shared", async () => {
  expect(await shareEarlierRedis(folder)).toBe(redis.url);
  expect(isAlive(redis.pid)).toBe(true);
});

test("one that does not answer yet is waited for: it may be reading its data", async () => {
  process.kill(redis.pid, "SIGSTOP");
  const found = shareEarlierRedis(folder);
  // Longer than a question to it is given.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  process.kill(redis.pid, "SIGCONT");
  expect(await found).toBe(redis.url);
});

test("one that ends before it answers is not waited for any longer", async () => {
  process.kill(redis.pid, "SIGSTOP");
  const found = shareEarlierRedis(folder);
  process.kill(redis.pid, "SIGKILL");
  expect(await found).toBeUndefined();
});

test("one whose owner was killed is ended: two must not write the same files", async () => {
  changeRecord({ owner: 2 ** 22 + 1 });
  expect(await shareEarlierRedis(folder)).toBeUndefined();
  expect(isAlive(redis.pid)).toBe(false);
});

test("one that is about to end is not relied on", async () => {
  recordRedis(folder, redis, true);
  expect(await shareEarlierRedis(folder)).toBeUndefined();
  expect(isAlive(redis.pid)).toBe(false);
});

test("a record that names a Redis on other data, or is damaged, does nothing", async () => {
  const other = mkdtempSync(join(tmpdir(), "earlier-"));
  recordRedis(other, redis);
  expect(await shareEarlierRedis(other)).toBeUndefined();
  writeFileSync(join(other, "private-redis.json"), "{");
  expect(await shareEarlierRedis(other)).toBeUndefined();
  rmSync(other, { recursive: true });
  expect(isAlive(redis.pid)).toBe(true);
});

test("a record is forgotten by its owner only", async () => {
  changeRecord({ owner: 1 });
  forgetRedis(folder);
  expect(await shareEarlierRedis(folder)).toBe(redis.url);
  recordRedis(folder, redis);
  forgetRedis(folder);
  expect(await shareEarlierRedis(folder)).toBeUndefined();
});
