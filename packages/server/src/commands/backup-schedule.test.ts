import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { createClient } from "@redis/client";
import { MessageHistory } from "@redis-memory-magic/memory";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { serverBinary, startServer } from "../../../memory/test/servers.ts";
import { loadConfig } from "../config/config.ts";
import { lastGoodBackup } from "../storage/backup/last-backup.ts";
import { IdentityStore } from "../storage/identity-store.ts";
import { connectRedis, type Redis } from "../storage/redis.ts";
import { backup } from "./backup-command.ts";
import { restore } from "./restore-command.ts";
import { UsageError } from "./run-command.ts";

vi.setConfig({ testTimeout: 60_000 });

const name = "chat_history";
const log = pino({ level: "silent" });
const MONDAY = Date.UTC(2026, 10, 23, 3, 15, 7);
const DAY_MS = 86_400_000;

async function newRedis() {
  const server = await startServer(serverBinary());
  const redis = await connectRedis(loadConfig({ REDIS_URL: server.url }).redis, log);
  onTestFinished(async () => {
    redis.close();
    await server.stop();
  });
  const client = redis.client as ReturnType<typeof createClient>;
  return { redis, client, url: server.url };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "schedule-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function run(redis: Redis, args: readonly string[], now = MONDAY): Promise<string> {
  const out: string[] = [];
  const identities = new IdentityStore(redis.client, name);
  const print = (text: string) => void out.push(text);
  await backup(args, { config: loadConfig({}), redis, identities, name, log, print }, () => now);
  return out.join("");
}

const addSession = (client: Awaited<ReturnType<typeof newRedis>>["client"], id: string) =>
  new MessageHistory({ client }).addMessage(id, { role: "user", content: "My name is Bob" });

test("writes a file named after its time, tries a restore in an empty Redis, and keeps the newest", async () => {
  const [from, empty] = [await newRedis(), await newRedis()];
  await addSession(from.client, "one");
  const folder = newFolder();
  writeFileSync(join(folder, "before-the-upgrade.backup"), "of a person");
  for (let day = 0; day < 4; day++) {
    const said = await run(
      from.redis,
      ["--into", folder, "--keep", "2", "--try-in", empty.url],
      MONDAY + day * DAY_MS,
    );
    expect(said).toMatch(/1 session, \d keys\..*\nA restore of it was tried: all of it can be restored\.\n$/);
  }
  expect(readdirSync(folder).sort()).toEqual([
    "2026-11-25T03-15-07Z.backup",
    "2026-11-26T03-15-07Z.backup",
    "before-the-upgrade.backup",
  ]);
  expect(await empty.client.dbSize()).toBe(0);
  expect(await lastGoodBackup(from.client, name)).toBe(MONDAY + 3 * DAY_MS);
});

test("a backup whose restore was interrupted is made again at once, in the Redis that the try has left full", async () => {
  const [from, left] = [await newRedis(), await newRedis()];
  await addSession(from.client, "one");
  const folder = newFolder();
  writeFileSync(join(folder, "2026-11-23T03-15-00Z.backup"), "written, and its restore not tried");
  await left.client.set("redis-memory-magic:restore_try", "1");
  await left.client.set("chat_history:{one}:messages", "of the interrupted try");
  let tried = false;
  const print = (text: string) => {
    if (text.includes("all of it can be restored")) tried = true;
  };
  const identities = new IdentityStore(from.client, name);
  const context = { config: loadConfig({}), redis: from.redis, identities, name, log, print };
  // It goes on for ever: the clock ends it.
  const now = () => {
    if (tried) throw new Error("tried");
    return MONDAY;
  };
  const asked = ["--into", folder, "--every", "24", "--try-in", left.url];
  await expect(backup(asked, context, now)).rejects.toThrow("tried");
  expect(await lastGoodBackup(from.client, name)).toBe(MONDAY);
  expect(await left.client.dbSize()).toBe(0);
});

test("starts a Redis of its own for the restore when none is named", async () => {
  const from = await newRedis();
  await addSession(from.client, "one");
  const folder = newFolder();
  symlinkSync(serverBinary(), join(folder, basename(serverBinary())));
  vi.stubEnv("PATH", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await run(from.redis, ["--into", newFolder()])).toContain("all of it can be restored");
});

test("a restore that cannot be tried is an error, keeps the old files, and counts as no good backup", async () => {
  const [from, full] = [await newRedis(), await newRedis()];
  await addSession(from.client, "one");
  await full.client.set("of another program", "1");
  const folder = newFolder();
  const old = "2026-11-20T03-15-07Z.backup";
  writeFileSync(join(folder, old), "");
  expect(await lastGoodBackup(from.client, name)).toBeUndefined();
  const asked = ["--into", folder, "--keep", "1", "--try-in", full.url];
  await expect(run(from.redis, asked)).rejects.toThrow(/was not tried: .* is not empty/);
  expect(readdirSync(folder)).toContain(old);
  expect(await lastGoodBackup(from.client, name)).toBe(0);
  expect(await full.client.get("of another program")).toBe("1");
  vi.stubEnv("PATH", "/nowhere");
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(run(from.redis, ["--into", newFolder()])).rejects.toThrow(
    /Install one, or name an empty Redis/,
  );
});

test("the time of the last backup is of its Redis, and goes into no other", async () => {
  const [from, to, empty] = [await newRedis(), await newRedis(), await newRedis()];
  await addSession(from.client, "one");
  const folder = newFolder();
  await run(from.redis, ["--into", folder, "--try-in", empty.url]);
  await run(from.redis, ["--into", folder, "--try-in", empty.url], MONDAY + DAY_MS);
  const [, second = ""] = readdirSync(folder).sort();
  const identities = new IdentityStore(to.client, name);
  await restore([join(folder, second)], {
    config: loadConfig({}),
    redis: to.redis,
    identities,
    name,
    log,
    print: () => {},
  });
  expect(await lastGoodBackup(to.client, name)).toBeUndefined();
});

test.each([
  [["--into", "a", "b"]],
  [["a", "--every", "24"]],
  [["--into", "a", "--keep", "0"]],
  [["--into", "a", "--every", "never"]],
])("%j is a mistake", async (args) => {
  await expect(run({} as Redis, args)).rejects.toThrow(UsageError);
});

test("a folder that is not there is named", async () => {
  const from = await newRedis();
  await expect(run(from.redis, ["--into", "/no/such/folder"])).rejects.toThrow(
    /cannot be written: there is no such file or folder/,
  );
});

test("a schedule does not begin with a folder that is not there", async () => {
  const args = ["--into", "/no/such/folder", "--every", "24"];
  await expect(run({} as Redis, args)).rejects.toThrow(/cannot be read: there is no such file or folder/);
});

test("while Redis is away the schedule says so and goes on", async () => {
  const server = await startServer(serverBinary());
  const redis = await connectRedis(loadConfig({ REDIS_URL: server.url }).redis, log);
  onTestFinished(() => redis.close());
  await server.stop();
  // What it says ends the test: else it would go on an hour later.
  const heard = {
    error: (message: string) => {
      throw new Error(message);
    },
  } as unknown as typeof log;
  const identities = new IdentityStore(redis.client, name);
  const context = { config: loadConfig({}), redis, identities, name, log: heard, print: () => {} };
  await expect(backup(["--into", newFolder(), "--every", "24"], context, () => MONDAY)).rejects.toThrow(
    /^The backup failed, and is tried again in an hour: Redis cannot be used right now\./,
  );
});
