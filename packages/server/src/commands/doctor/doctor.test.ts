import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@redis/client";
import { expect, onTestFinished, test, vi } from "vitest";
import { startCluster } from "../../../../memory/test/cluster.ts";
import { MASTER_NAME, startSentinel } from "../../../../memory/test/sentinel.ts";
import { serverBinary, startServer } from "../../../../memory/test/servers.ts";
import type { CheckResult } from "./check-result.ts";
import { type Machine, thisMachine } from "./machine.ts";
import { COMMANDS, verb } from "./permissions.ts";
import { version } from "./redis-checks.ts";
import { runChecks } from "./run-checks.ts";

vi.setConfig({ testTimeout: 60_000 });

const DURABLE = ["--appendonly", "yes"];

async function newRedis(args: readonly string[] = DURABLE) {
  const server = await startServer(serverBinary(), args);
  onTestFinished(server.stop);
  const command = async (line: string, ...more: string[]) => {
    const client = createClient({ url: server.url });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand([...line.split(" "), ...more]);
    } finally {
      client.destroy();
    }
  };
  return { ...server, command };
}

async function examined(env: Record<string, string>, machine: Partial<Machine> = {}): Promise<CheckResult[]> {
  return Array.fromAsync(
    runChecks(
      { EMBEDDED_MODEL: "none", OLLAMA_BASE_URL: "http://127.0.0.1:9/v1", ...env },
      { ...thisMachine, ...machine },
    ),
  );
}

/** Of one kind, each as `level: text`. */
const of = (results: readonly CheckResult[], what: string): string =>
  results
    .filter((result) => result.what === what)
    .map(({ level, text }) => `${level}: ${text}`)
    .join("\n");

const failures = (results: readonly CheckResult[]) =>
  results.filter(({ level }) => level === "fail").map(({ what }) => what);

test("a Redis that is well set up is ok in every respect", async () => {
  const { url, port } = await newRedis();
  const results = await examined({ REDIS_URL: url });
  expect(failures(results)).toEqual([]);
  expect(of(results, "Redis")).toBe(`ok: answers at 127.0.0.1:${port}`);
  expect(of(results, "topology")).toBe("ok: one server");
  expect(of(results, "version")).toMatch(/^ok: (Redis|Valkey) \d+\.\d+/);
  expect(of(results, "eviction")).toMatch(/^ok: noeviction/);
  expect(of(results, "persistence")).toMatch(/^ok: append-only file, appendfsync everysec/);
  expect(of(results, "clock")).toMatch(/^ok: Redis' clock is 0\.\d s/);
  expect(of(results, "latency")).toMatch(/^ok: [\d.]+ ms there and back/);
  expect(of(results, "permissions")).toMatch(
    /^ok: all \d+ commands that the server uses\nok: SUBSCRIBE to chat_history:\* channels$/,
  );
  expect(of(results, "memory")).toMatch(/^ok: \d+ MB used, of \d+ MB that the machine has/);
  // Only the mirror is left here.
  expect(of(results, "provider")).toMatch(
    /warn: Cloud \(ChatGPT\) is not available: No OpenAI API key is set/,
  );
  expect(of(results, "provider")).toMatch(/warn: Local \(Ollama\) is not available: .*nothing listens there/);
});

test.each([
  [{ redis_version: "6.0.16" }, "fail: Redis 6.0.16 is too old: 6.2 or newer is needed."],
  [{ redis_version: "6.2.0" }, "ok: Redis 6.2.0"],
  [{ redis_version: "8.4.1" }, "ok: Redis 8.4.1"],
  [{ redis_version: "7.2.4", valkey_version: "9.0.1" }, "ok: Valkey 9.0.1"],
] as const)("the version of %j", (info, seen) => {
  const { level, text } = version({ info: new Map(Object.entries(info)), ask: async () => null });
  expect(`${level}: ${text}`).toBe(seen);
});

test("nothing of it is left in Redis", async () => {
  const { url, command } = await newRedis();
  await examined({ REDIS_URL: url });
  expect(await command("DBSIZE")).toBe(0);
});

test("what is tried is every command that the server's scripts use", () => {
  const root = fileURLToPath(new URL("../../../../..", import.meta.url));
  const files = [
    "packages/memory/src/scripts/*.ts",
    "packages/memory/src/redis/script-runner.ts",
    "packages/server/src/limits/*.ts",
    "packages/server/src/storage/*.ts",
  ];
  const used = files
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .flatMap((file) => [...readFileSync(join(root, file), "utf8").matchAll(/redis\.p?call\('([A-Z]+)'/g)])
    .map(([, command = ""]) => command);
  expect(used.length).toBeGreaterThan(50);
  const tried = new Set(COMMANDS.map(verb));
  expect(new Set(used).difference(tried)).toEqual(new Set());
});

test("a configuration with mistakes: all of them, and nothing else is looked at", async () => {
  const results = await examined({ PORT: "none", DEFAULT_MODE: "sometimes" });
  expect(results.map(({ what }) => what)).toEqual(["configuration", "configuration"]);
  expect(of(results, "configuration")).toMatch(
    /fail: PORT is "none"[\s\S]*fail: DEFAULT_MODE is "sometimes"/,
  );
});

test("a Redis that is away, and one that refuses the password", async () => {
  const away = await examined({ REDIS_URL: "redis://127.0.0.1:9" });
  expect(of(away, "Redis")).toMatch(/^fail: None answers at 127\.0\.0\.1:9 \(.*ECONNREFUSED.*\)\. Start it/);
  const { port, command } = await newRedis();
  await command("CONFIG SET requirepass right");
  const refused = await examined({ REDIS_URL: `redis://:wrong@127.0.0.1:${port}` });
  expect(of(refused, "Redis")).toMatch(
    /^fail: .* refuses the connection: WRONGPASS [^.]*\. Check REDIS_URL, or REDIS_PASSWORD/,
  );
  expect(JSON.stringify(refused)).not.toContain(":wrong@");
});

test("a user that may not use a command", async () => {
  const { port, command } = await newRedis();
  await command("ACL SETUSER chat on >pw ~chat_history:* &chat_history:* +@all -evalsha -hincrby");
  const results = await examined({ REDIS_URL: `redis://chat:pw@127.0.0.1:${port}` });
  expect(of(results, "permissions")).toMatch(
    /^fail: this user may not use EVALSHA, HINCRBY on chat_history:\* keys\. Allow it/,
  );
  await command("ACL SETUSER chat reset on >pw ~chat_history:* &chat_history:* +@all -subscribe");
  const unwoken = await examined({ REDIS_URL: `redis://chat:pw@127.0.0.1:${port}` });
  expect(of(unwoken, "permissions")).toMatch(/^ok: all \d+ .*\nwarn: SUBSCRIBE .* is refused \(NOPERM/);
  await command("ACL SETUSER other on >pw ~other:* &* +@all");
  const elsewhere = await examined({ REDIS_URL: `redis://other:pw@127.0.0.1:${port}` });
  expect(of(elsewhere, "Redis")).toMatch(/^fail: .*NOPERM [^.]*\. .*run scripts on the keys chat_history:\*/);
});

test("the user of deploy/redis-acl.yml may do all of it", async () => {
  const { port, command } = await newRedis();
  const script = readFileSync(new URL("../../../../../deploy/redis/make-users.sh", import.meta.url), "utf8");
  const [, rules = ""] = /^user chat on #\S+ \S+ (.*)$/m.exec(script.replace(/\$\(.*?"\)/g, "x")) ?? [];
  expect(rules).toContain("~chat_history:*");
  await command(`ACL SETUSER chat on >pw ${rules}`);
  const results = await examined({ REDIS_URL: `redis://chat:pw@127.0.0.1:${port}` });
  expect(of(results, "permissions")).toMatch(/^ok/);
  expect(of(results, "persistence")).toBe("ok: append-only file; appendfsync may not be asked for");
  expect(failures(results)).toEqual([]);
});

test("one that evicts, and one that keeps nothing, little, or is careless about it", async () => {
  const evicting = await newRedis([...DURABLE, "--maxmemory-policy", "allkeys-lru"]);
  expect(of(await examined({ REDIS_URL: evicting.url }), "eviction")).toMatch(
    /^warn: maxmemory-policy is allkeys-lru: without maxmemory nothing is evicted/,
  );
  await evicting.command("CONFIG SET maxmemory 100mb");
  expect(of(await examined({ REDIS_URL: evicting.url }), "eviction")).toMatch(
    /^fail: maxmemory-policy is allkeys-lru: when Redis is full/,
  );
  const forgetful = await newRedis([]);
  expect(of(await examined({ REDIS_URL: forgetful.url }), "persistence")).toMatch(/^fail: none: a restart/);
  await forgetful.command("CONFIG SET save", "3600 1");
  await forgetful.command("CONFIG SET appendonly yes");
  await forgetful.command("CONFIG SET appendfsync no");
  expect(of(await examined({ REDIS_URL: forgetful.url }), "persistence")).toMatch(/^warn: appendfsync is no/);
  await forgetful.command("CONFIG SET appendfsync always");
  expect(of(await examined({ REDIS_URL: forgetful.url }), "persistence")).toMatch(
    /^ok: .*nothing that was acknowledged is lost/,
  );
});

test("snapshots alone are a warning, and one that cannot be written a failure", async () => {
  const redis = await newRedis([]);
  const { dir } = (await redis.command("CONFIG GET dir")) as unknown as { dir: string };
  await mkdir(join(dir, "dump.rdb", "in-the-way"), { recursive: true });
  await redis.command("CONFIG SET save", "60 1");
  await redis.command("BGSAVE");
  await expect
    .poll(async () => of(await examined({ REDIS_URL: redis.url }), "disk"), { timeout: 20_000 })
    .toMatch(/^fail: the last snapshot/);
  expect(of(await examined({ REDIS_URL: redis.url }), "persistence")).toMatch(/^warn: snapshots alone/);
});

test("one whose persistence cannot be read, without an append-only file", async () => {
  const { port, command } = await newRedis([]);
  await command("ACL SETUSER chat on >pw ~chat_history:* &chat_history:* +@all -config");
  const results = await examined({ REDIS_URL: `redis://chat:pw@127.0.0.1:${port}` });
  expect(of(results, "persistence")).toMatch(/^warn: no append-only file, and whether there are snapshots/);
});

test("one that is nearly full", async () => {
  const { url, command } = await newRedis();
  await command(`SETRANGE other ${40e6} x`);
  const used = Number(/^used_memory:(\d+)/m.exec(String(await command("INFO memory")))?.[1]);
  for (const [share, seen] of [
    [0.5, /^ok: \d+ MB used of \d+ MB/],
    [0.87, /^warn: \d+ MB used of \d+ MB: soon it is full/],
    [1.2, /^fail: \d+ MB used of \d+ MB: it is full/],
  ] as const) {
    await command(`CONFIG SET maxmemory ${Math.round(used / share)}`);
    expect(of(await examined({ REDIS_URL: url }), "memory")).toMatch(seen);
  }
  await command("CONFIG SET maxmemory 100000gb");
  expect(of(await examined({ REDIS_URL: url }), "memory")).toMatch(
    /^warn: \d+ MB used of \d+ MB, more than the \d+ MB that the machine has/,
  );
});

test("a machine that does not let Redis fork when memory is short, one that does, and another machine", async () => {
  const { url } = await newRedis();
  const seen = async (machine: Partial<Machine>) =>
    of(await examined({ REDIS_URL: url }, machine), "overcommit");
  const set = (value: string | undefined) => ({ overcommitMemory: async () => value });
  for (const value of ["0", "2"]) {
    expect(await seen(set(value))).toMatch(
      new RegExp(`^warn: vm\\.overcommit_memory is ${value} on this machine.*sysctl --system$`),
    );
  }
  expect(await seen(set("1"))).toBe("ok: vm.overcommit_memory is 1: Redis can fork when memory is short");
  // What this machine has says nothing about Redis on another, or on a system without the setting.
  expect(await seen({ ...set("0"), kernel: "6.1.0-other" })).toBe("");
  expect(await seen({ ...set("0"), memoryBytes: thisMachine.memoryBytes / 2 })).toBe("");
  expect(await seen(set(undefined))).toBe("");
});

test("reads the setting of the machine that the tests run on", async () => {
  expect(await thisMachine.overcommitMemory()).toMatch(process.platform === "linux" ? /^[012]$/ : /^/);
});

test("room for the built-in model, and none", async () => {
  const { url } = await newRedis();
  const folder = await mkdtemp(join(tmpdir(), "doctor-cache-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const seen = async (machine: Partial<Machine>) => {
    const env = { REDIS_URL: url, EMBEDDED_MODEL: "default", XDG_CACHE_HOME: join(folder, "none", "yet") };
    return of(await examined(env, machine), "disk");
  };
  expect(await seen({ freeBytes: async () => 0.9e9 })).toMatch(/^warn: 0\.9 GB free .*: it needs 1 GB\./);
  expect(await seen({ freeBytes: async () => 1.1e9 })).toMatch(/^ok: 1\.1 GB free for the built-in model/);
  expect(await seen({})).toMatch(/^(ok|warn): \d+\.\d GB free/);
});

test("a clock that differs", async () => {
  const { url } = await newRedis();
  const by = async (ms: number) =>
    of(await examined({ REDIS_URL: url }, { now: () => Date.now() + ms }), "clock");
  expect(await by(-5_000)).toMatch(/^warn: Redis' clock is [45]\.\d s ahead/);
  expect(await by(60_000)).toMatch(/^fail: Redis' clock is (59|60|61)\.\d s behind/);
});

test("one that is far away", async () => {
  const { port } = await newRedis();
  const far = createServer((near) => {
    const redis = connect(port, "127.0.0.1");
    near.on("data", (data) => setTimeout(() => redis.write(data), 15));
    redis.on("data", (data) => near.write(data));
    for (const [one, other] of [
      [near, redis],
      [redis, near],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(far, "listening");
  onTestFinished(() => void far.close());
  const results = await examined({ REDIS_URL: `redis://127.0.0.1:${(far.address() as AddressInfo).port}` });
  expect(of(results, "latency")).toMatch(/^warn: (1[5-9]|[2-9]\d|\d{3,})\.\d ms there and back/);
});

test("a replica, where a master is needed", async () => {
  const master = await newRedis([...DURABLE, "--repl-diskless-sync-delay", "0"]);
  const replica = await newRedis([...DURABLE, "--replicaof", "127.0.0.1", `${master.port}`]);
  expect(of(await examined({ REDIS_URL: replica.url }), "replication")).toMatch(/^fail: This is a replica/);
  await expect
    .poll(async () => of(await examined({ REDIS_URL: master.url }), "replication"), { timeout: 20_000 })
    .toBe("ok: a master with 1 replica");
});

test("a Cluster: by the wrong form of address, complete, and with a slot without a master", async () => {
  const { ports, stop } = await startCluster(serverBinary());
  onTestFinished(stop);
  const single = await examined({ REDIS_URL: `redis://127.0.0.1:${ports[0]}` });
  expect(of(single, "topology")).toMatch(/^fail: This is a node of a Cluster.*redis\+cluster:/);
  const address = `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
  const whole = await examined({ REDIS_URL: address });
  expect(of(whole, "topology")).toMatch(
    /^warn: a Cluster of 3 masters, all slots there; 3 without a replica/,
  );
  // Each master's, and SUBSCRIBE.
  expect(of(whole, "permissions").split("\n")).toHaveLength(4);
  expect(of(whole, "version")).toContain(`master 1 (port `);
  for (const port of ports) {
    const node = createClient({ url: `redis://127.0.0.1:${port}` });
    await node.connect();
    await node.sendCommand(["CLUSTER", "DELSLOTS", "0"]);
    node.destroy();
  }
  await expect
    .poll(async () => of(await examined({ REDIS_URL: address }), "topology"), { timeout: 20_000 })
    .toMatch(/^fail: the Cluster is fail: 16383 of 16384 slots have a master/);
});

test("a Cluster whose masters have replicas", async () => {
  const { ports, stop } = await startCluster(serverBinary(), { replicas: 1 });
  onTestFinished(stop);
  const results = await examined({
    REDIS_URL: `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
  });
  expect(of(results, "topology")).toBe("ok: a Cluster of 3 masters, all slots there");
});

test("behind sentinels", async () => {
  const { ports, killMaster, stop } = await startSentinel(serverBinary());
  onTestFinished(stop);
  const address = (count: number) =>
    `redis+sentinel://${ports
      .slice(0, count)
      .map((port) => `127.0.0.1:${port}`)
      .join(",")}/${MASTER_NAME}`;
  await expect
    .poll(async () => of(await examined({ REDIS_URL: address(3) }), "topology"), { timeout: 20_000 })
    .toBe("ok: the master named by 3 sentinels");
  expect(of(await examined({ REDIS_URL: address(1) }), "topology")).toMatch(
    /^warn: the master named by 1 sentinel: name 3 at least/,
  );
  await killMaster();
  await expect
    .poll(async () => of(await examined({ REDIS_URL: address(3) }), "topology"), { timeout: 20_000 })
    .toMatch(/^warn: the master named by 3 sentinels, without a replica/);
});

test("the command prints a line for each and ends with 1 if a check failed", async () => {
  const { url } = await newRedis();
  const path = fileURLToPath(new URL("../run.ts", import.meta.url));
  const run = async (env: Record<string, string>) => {
    const child = spawn(process.execPath, [path, "doctor"], {
      env: { PATH: process.env.PATH, EMBEDDED_MODEL: "none", ...env },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    const [code] = await once(child, "close");
    return { code, output };
  };
  const well = await run({ REDIS_URL: url });
  expect(well.output).toMatch(/^ok {4}eviction {7}noeviction/m);
  expect(well.output).toMatch(/\n\d+ ok, \d warnings?, 0 failed\n$/);
  expect(well.code).toBe(0);
  const ill = await run({ REDIS_URL: "redis://127.0.0.1:9" });
  expect(ill.output).toMatch(/^fail {2}Redis/m);
  expect(ill.code).toBe(1);
});
