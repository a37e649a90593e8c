import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { createClient } from "@redis/client";
import { MessageHistory, Turns } from "@redis-memory-magic/memory";
import { pino } from "pino";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startCluster } from "../../../memory/test/cluster.ts";
import { findServer, serverBinary, startServer } from "../../../memory/test/servers.ts";
import { loadConfig } from "../config/config.ts";
import { IdentityStore } from "../storage/identity-store.ts";
import { connectRedis, type Redis } from "../storage/redis.ts";
import { backup } from "./backup-command.ts";
import { restore } from "./restore-command.ts";
import { UsageError } from "./run-command.ts";

const name = "chat_history";
const log = pino({ level: "silent" });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "backup-"));
  return () => rmSync(folder, { recursive: true, force: true });
});
let files = 0;
const newFile = () => join(folder, `${files++}.backup`);

type SingleRedis = Redis & { readonly client: ReturnType<typeof createClient> };

/** A Redis of its own, empty. */
async function newRedis(binary = serverBinary(), ...args: string[]): Promise<SingleRedis> {
  const server = await startServer(binary, args);
  const redis = await connectRedis(loadConfig({ REDIS_URL: server.url }).redis, log);
  onTestFinished(async () => {
    redis.close();
    await server.stop();
  });
  return redis as SingleRedis;
}

async function run(redis: Redis, command: typeof backup, ...args: string[]): Promise<string> {
  const out: string[] = [];
  const identities = new IdentityStore(redis.client, name);
  const print = (text: string) => void out.push(text);
  await command(args, { config: loadConfig({}), redis, identities, name, log, print });
  return out.join("");
}

/** Two owners' sessions of every kind, an API key that never expires, and what is none of ours. */
async function fill(redis: Redis) {
  const { client } = redis;
  for (const owner of ["local", "alice"]) {
    const history = new MessageHistory({ client, owner, ttlSeconds: 1000 });
    for (const id of ["short", "ü/{x}%", "long"]) {
      await history.addMessages(id, [
        { role: "user", content: "My name is Bob 👋" },
        { role: "assistant", content: "\u0000 bytes", id: "given", metadata: { a: 1 } },
      ]);
      await history.expire(id, id === "short" ? 500 : 2000);
    }
    for (let n = 0; n < 20; n++)
      await history.addMessages(
        "long",
        Array.from({ length: 500 }, (_, i) => ({ role: "user" as const, content: `message ${n} ${i}` })),
      );
    const turns = new Turns({ client, owner, leaseMs: 60_000 });
    const begun = await turns.begin("turn", {
      content: "Hi",
      idempotency: { key: "k", requestHash: "h" },
    });
    if (begun.kind !== "begun") throw new Error(begun.kind);
    await begun.writer.write("half an ans");
  }
  await client.set(`${name}:api_key:one`, '{"owner":"alice"}');
  await client.set("someone:else", "stays out");
}

type Client = { sendCommand(args: string[]): Promise<unknown> };

/** All that is in a Redis: each key with what it holds, and how long it lives. */
async function contents(client: Client, pattern = `${name}:*`) {
  const all = new Map<string, { type: string; value: unknown; ttl: number }>();
  for (const key of (await client.sendCommand(["KEYS", pattern])) as string[]) {
    const type = String(await client.sendCommand(["TYPE", key]));
    const value = await client.sendCommand(
      {
        list: ["LRANGE", key, "0", "-1"],
        hash: ["HGETALL", key],
        zset: ["ZRANGE", key, "0", "-1"],
        string: ["GET", key],
      }[type] ?? [],
    );
    // The list of sessions trails behind them; the restored one does not.
    if (key.includes(":sessions:")) (value as string[]).sort();
    const sorted = type === "hash" ? Object.entries(value as object).sort() : value;
    all.set(key, { type, value: sorted, ttl: Number(await client.sendCommand(["PTTL", key])) });
  }
  return all;
}

async function expectSame(from: Client, to: Client, toleranceMs = 5_000) {
  const [before, after] = [await contents(from), await contents(to)];
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  for (const [key, { type, value, ttl }] of before) {
    const restored = after.get(key);
    expect({ type: restored?.type, value: restored?.value }, key).toEqual({ type, value });
    if (ttl < 0) expect(restored?.ttl, key).toBe(-1);
    // A list of sessions lives a minute longer than its sessions: how much longer is not kept.
    else if (!key.includes(":sessions:"))
      expect(Math.abs((restored?.ttl ?? 0) - ttl), key).toBeLessThan(toleranceMs);
  }
}

test("all of it is in an empty Redis again, with the time that it has left to live", async () => {
  const [from, to, file] = [await newRedis(), await newRedis(), newFile()];
  await fill(from);
  expect(await run(from, backup, file)).toMatch(/\.backup: 8 sessions, \d+ keys\. /);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await run(to, restore, file)).toMatch(
    /^Restored 8 sessions \((\d+) keys\) of 8 sessions \(\1 keys\)\.\n$/,
  );
  await expectSame(from.client, to.client);
  expect(await to.client.get("someone:else")).toBeNull();
  const listed = async ({ client }: Redis) =>
    (await new MessageHistory({ client, owner: "alice" }).listSessions({ limit: 10 })).sessions.map(
      ({ id }) => id,
    );
  expect((await listed(from)).sort()).toEqual((await listed(to)).sort());
  // Last used first.
  expect(await listed(to)).toEqual(["turn", "long", "ü/{x}%", "short"]);
}, 60_000);

test("while it is written to, every session is in the backup, each as it was at one moment", async () => {
  const [from, to, file] = [await newRedis(), await newRedis(), newFile()];
  const history = new MessageHistory({ client: from.client });
  const sessions = Array.from({ length: 300 }, (_, n) => `s${n}`);
  // Two messages at a time, and their number in the title: half a write would show.
  const pair = [
    { role: "user", content: "question" },
    { role: "assistant", content: "answer" },
  ] as const;
  for (const id of sessions) await history.addMessages(id, pair);
  let writing = true;
  let written = 0;
  const writers = Array.from({ length: 8 }, async () => {
    while (writing) {
      const id = sessions[Math.floor(Math.random() * sessions.length)] ?? "";
      await history.addMessages(id, pair);
      if (++written % 10 === 0) await history.addMessages(`new${written}`, pair);
    }
  });
  await run(from, backup, file);
  const during = written;
  writing = false;
  await Promise.all(writers);
  expect(during).toBeGreaterThan(50);
  await run(to, restore, file);
  const restored = new MessageHistory({ client: to.client });
  for (const id of sessions) {
    const messages = await Array.fromAsync(restored.messages(id));
    expect(messages.length, id).toBeGreaterThan(0);
    expect(messages.length % 2, id).toBe(0);
    expect(await restored.ttl(id)).toBeGreaterThan(3500);
  }
}, 60_000);

describe("a file that cannot be trusted is refused before anything is written", () => {
  test.each<[string, (whole: Buffer) => Buffer, RegExp]>([
    ["cut off in the middle", (whole) => whole.subarray(0, whole.length >> 1), /damaged or was cut off/],
    ["cut off by a byte", (whole) => whole.subarray(0, -1), /cut off/],
    ["without its end", (whole) => regzip(whole, (lines) => lines.slice(0, -1)), /cut off/],
    ["with a record less", (whole) => regzip(whole, (lines) => lines.toSpliced(2, 1)), /does not hold/],
    ["with a byte changed", flip, /damaged/],
    ["empty", () => Buffer.alloc(0), /damaged|no backup|cut off/],
    ["something else", () => Buffer.from("hello"), /is no backup/],
    ["something else that is gzipped", () => gzipSync('{"format":"other"}\n'), /is no backup/],
  ])(
    "%s",
    async (_, change, message) => {
      const [from, to, file] = [await newRedis(), await newRedis(), newFile()];
      await fill(from);
      await run(from, backup, file);
      writeFileSync(file, change(readFileSync(file)));
      await expect(run(to, restore, file)).rejects.toThrow(message);
      expect(await to.client.dbSize()).toBe(0);
    },
    60_000,
  );
});

const regzip = (whole: Buffer, change: (lines: string[]) => string[]): Buffer =>
  gzipSync(`${change(gunzipSync(whole).toString().trimEnd().split("\n")).join("\n")}\n`);

function flip(whole: Buffer): Buffer {
  const at = Math.floor(whole.length * 0.7);
  whole[at] = (whole[at] ?? 0) ^ 1;
  return whole;
}

test("what is there already is left as it is, unless it is to be replaced", async () => {
  const [from, to, file] = [await newRedis(), await newRedis(), newFile()];
  await fill(from);
  await run(from, backup, file);
  const history = new MessageHistory({ client: to.client });
  await history.addMessage("short", { role: "user", content: "newer" });
  expect(await run(to, restore, file)).toMatch(
    /^Restored 7 sessions .*\nSkipped, because they exist already: 1 session \(\d keys?\)\. .*--replace\n$/,
  );
  expect((await history.getRecent("short")).map(({ content }) => content)).toEqual(["newer"]);
  expect(await run(to, restore, file, "--replace")).toContain("Restored 8 sessions");
  await expectSame(from.client, to.client);
}, 60_000);

test("with --expire the time since the backup counts", async () => {
  const [from, to, file] = [await newRedis(), await newRedis(), newFile()];
  const history = new MessageHistory({ client: from.client });
  for (const [id, ttlSeconds] of [
    ["soon", 4],
    ["later", 100],
  ] as const) {
    await history.addMessage(id, { role: "user", content: "Hi" });
    await history.expire(id, ttlSeconds);
  }
  await run(from, backup, file);
  await expect.poll(() => history.ttl("soon"), { timeout: 30_000 }).toBeNull();
  expect(await run(to, restore, file, "--expire")).toMatch(
    /Restored 1 session .*\nExpired since the backup: 1 session /,
  );
  const restored = new MessageHistory({ client: to.client });
  expect(await restored.ttl("soon")).toBeNull();
  expect(await restored.ttl("later")).toBeLessThan(97);
  const kept = await newRedis();
  expect(await run(kept, restore, file)).toContain("Restored 2 sessions");
}, 60_000);

test("a backup is not written over a file, and a command that is called wrongly says how it is called", async () => {
  const [redis, file] = [await newRedis(), newFile()];
  writeFileSync(file, "somebody's");
  await expect(run(redis, backup, file)).rejects.toThrow(`${file} is there already`);
  expect(readFileSync(file, "utf8")).toBe("somebody's");
  await expect(run(redis, backup, join(folder, "no/folder"))).rejects.toThrow(
    "there is no such file or folder",
  );
  await expect(run(redis, restore, join(folder, "none"))).rejects.toThrow("there is no such file or folder");
  for (const args of [[], ["a", "b"]]) {
    await expect(run(redis, backup, ...args)).rejects.toThrow(UsageError);
    await expect(run(redis, restore, ...args)).rejects.toThrow(UsageError);
  }
});

test("what a Redis refuses is said, and how far it came", async () => {
  const [from, to, file] = [await newRedis(), await newRedis(), newFile()];
  await fill(from);
  await run(from, backup, file);
  await to.client.sendCommand("ACL SETUSER default -restore".split(" "));
  await expect(run(to, restore, file)).rejects.toThrow(
    /may not use the command RESTORE.*Nothing was written/,
  );
  expect(await to.client.dbSize()).toBe(0);
}, 60_000);

test("when one of many is refused, what is told of the others is what was written", async () => {
  const [from, to, file] = [await newRedis(), await newRedis(), newFile()];
  const history = new MessageHistory({ client: from.client });
  for (let n = 0; n < 10; n++) await history.addMessage(`session-${n}`, { role: "user", content: "Hi" });
  await run(from, backup, file);
  const spoil = (line: string): string => line.replace(/"dump":"[^"]{8}/, '"dump":"AAAAAAAA');
  const spoiled = regzip(readFileSync(file), (lines) =>
    lines.map((line, n) => (n === 1 ? spoil(line) : line)),
  );
  writeFileSync(file, spoiled);
  const error = await run(to, restore, file).catch((reason: Error) => reason);
  const written = (await contents(to.client, "chat_history:{*")).size;
  expect(written).toBeGreaterThan(0);
  expect(String(error)).toContain(`${written} keys had been restored`);
}, 60_000);

test("a Redis that goes away in the middle is said, and is none that refuses", async () => {
  const [from, file] = [await newRedis(), newFile()];
  await fill(from);
  await run(from, backup, file);
  const to = await newRedis();
  const killed = to.client.sendCommand(["SHUTDOWN", "NOSAVE"]).catch(() => {});
  await expect(run(to, restore, file)).rejects.toThrow(/^Redis went away: /);
  await killed;
}, 60_000);

test("a backup of a newer server is refused by an older one in a sentence, and nothing is written", async (context) => {
  const valkey = await findServer({ dump: "Valkey 9" });
  const redis = await findServer({ dump: "Redis 6 or 7" });
  if (!valkey) return context.skip("no Valkey 9 is at hand");
  if (!redis) return context.skip("no Redis 6 or 7 is at hand, which cannot read Valkey 9's dumps");
  const [from, to, file] = [await newRedis(valkey), await newRedis(redis), newFile()];
  await fill(from);
  await run(from, backup, file);
  await expect(run(to, restore, file)).rejects.toThrow(/same version or a newer one.*Nothing was written/);
  expect(await to.client.dbSize()).toBe(0);
  const back = newFile();
  const older = await newRedis(redis);
  await fill(older);
  await run(older, backup, back);
  const newer = await newRedis(valkey);
  await run(newer, restore, back);
  await expectSame(older.client, newer.client);
}, 60_000);

test("from one Redis to a Cluster and back", async () => {
  const from = await newRedis();
  await fill(from);
  const { ports, stop } = await startCluster(serverBinary());
  const url = `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`)}`;
  const over = await connectRedis(loadConfig({ REDIS_URL: url }).redis, log);
  onTestFinished(async () => {
    over.close();
    await stop();
  });
  const [there, back] = [newFile(), newFile()];
  await run(from, backup, there);
  expect(await run(over, restore, there)).toContain("Restored 8 sessions");
  expect(await run(over, backup, back)).toContain(": 8 sessions");
  const to = await newRedis();
  await run(to, restore, back);
  await expectSame(from.client, to.client);
}, 60_000);
