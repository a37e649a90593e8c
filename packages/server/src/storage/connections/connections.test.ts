import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, connect as openSocket, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@redis/client";
import { expect, onTestFinished, test } from "vitest";
import { startCluster } from "../../../../memory/test/cluster.ts";
import { freePort } from "../../../../memory/test/free-port.ts";
import { MASTER_NAME, startSentinel } from "../../../../memory/test/sentinel.ts";
import { findServer, onPath, serverBinary, startServer } from "../../../../memory/test/servers.ts";
import { loadConfig } from "../../config/config.ts";
import { connectRedis, type Redis, RedisRefused } from "../redis.ts";
import { keysMatching } from "../scan.ts";

// By CLUSTER KEYSLOT.
const KEY_OF_SLOT_100 = "k2136";
// What does not fail at once waits for tens of seconds.
const FAILS_WITHIN_MS = 5_000;

/** What deploy/redis/make-users.sh gives to the server, keys and channels aside. */
const RIGHTS =
  "-@all +@read +@write +@scripting +@pubsub +@connection +@transaction +time -@dangerous +info".split(" ");

async function connect(url: string, env: Record<string, string> = {}): Promise<Redis & { lines: string[] }> {
  const lines: string[] = [];
  const note = (_: object, message: string): void => void lines.push(message);
  const redis = await connectRedis(loadConfig({ REDIS_URL: url, ...env }).redis, { warn: note, info: note });
  onTestFinished(() => redis.close());
  return { ...redis, lines };
}

const hostsOf = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join();

/** Until a command goes through again. */
const healed = (redis: Redis, key: string) =>
  expect.poll(() => redis.client.set(key, "1").catch(String)).toBe("OK");

/** How often a channel has woken; each look at it is a publication. */
async function wakesOf(redis: Redis, channel: string): Promise<() => Promise<number>> {
  let wakes = 0;
  await redis.subscriber.subscribe(channel, () => wakes++);
  return async () => {
    const options = { keys: ["key"], arguments: [channel] };
    await redis.client.eval("return redis.call('PUBLISH', ARGV[1], '')", options).catch(() => {});
    return wakes;
  };
}

test("a Cluster: every slot, every master's keys, and subscriptions that survive a master's death", async () => {
  const args = ["--user", "chat", "on", ">p@ss", "~*", "&*", ...RIGHTS, "+cluster|slots"];
  const cluster = await startCluster(serverBinary(), { replicas: 1, nodeTimeoutMs: 1000, args });
  onTestFinished(() => cluster.stop());
  const redis = await connect(`redis+cluster://chat:p%40ss@${hostsOf(cluster.ports)}`);
  const wakes = await wakesOf(redis, "channel");
  const keys = Array.from({ length: 60 }, (_, n) => `key:${n}`);
  for (const key of keys) await redis.client.set(key, "1");
  expect(await Array.fromAsync(keysMatching(redis.client, "key:*"))).toHaveLength(60);
  await expect.poll(wakes).toBeGreaterThan(0);

  await cluster.killMaster();
  for (const key of keys) await healed(redis, key);
  const before = await wakes();
  await expect.poll(wakes).toBeGreaterThan(before);
  await expect.poll(() => redis.unavailability()).toBeNull();
  await expect.poll(() => redis.lines.at(-1)).toContain("is there again");
}, 60_000);

test("a Cluster whose master is gone for good: its slots fail at once, the others go on, and it can come back", async () => {
  const cluster = await startCluster(serverBinary(), {
    nodeTimeoutMs: 1000,
    args: ["--cluster-require-full-coverage", "no"],
  });
  onTestFinished(() => cluster.stop());
  await cluster.killMaster();
  // One that starts now has never had a connection to it.
  const redis = await connect(`redis+cluster://${hostsOf(cluster.ports)}`);
  const set = (n: number) => redis.client.set(`key:${n}`, "1").catch(() => "fails");
  const states = () =>
    Promise.all(
      Array.from({ length: 60 }, (_, n) => Promise.race([set(n), sleep(FAILS_WITHIN_MS, "waits")])),
    ).then((all) => ({
      isMostlyWorking: all.filter((state) => state === "OK").length > 30,
      fails: all.includes("fails"),
      waits: all.includes("waits"),
    }));
  // The other nodes need some time to notice that the master is gone.
  await expect.poll(states).toEqual({ isMostlyWorking: true, fails: true, waits: false });
  await cluster.reviveMaster();
  for (let n = 0; n < 60; n++) await healed(redis, `key:${n}`);
}, 60_000);

test("a Cluster that is still being created: finds a slot when it has a master", async () => {
  const cluster = await startCluster(serverBinary(), { args: ["--cluster-require-full-coverage", "no"] });
  onTestFinished(() => cluster.stop());
  const [port = 0] = cluster.ports;
  const owner = await createClient({ url: `redis://127.0.0.1:${port}` }).connect();
  onTestFinished(() => owner.destroy());
  const slot = "100";
  await owner.sendCommand(["CLUSTER", "DELSLOTS", slot]);
  const redis = await connect(`redis+cluster://${hostsOf([port])}`);
  await redis.client.set("key:1", "1");
  await owner.sendCommand(["CLUSTER", "ADDSLOTS", slot]);
  // Every write of this product is a script.
  const run = () => redis.client.eval("return 'OK'", { keys: [KEY_OF_SLOT_100], arguments: [] });
  await expect.poll(() => run().catch(String)).toBe("OK");
}, 60_000);

test("Sentinels: commands and subscriptions follow the next master; in between, commands fail at once", async () => {
  const sentinel = await startSentinel(serverBinary());
  onTestFinished(() => sentinel.stop());
  const redis = await connect(`redis+sentinel://${hostsOf(sentinel.ports)}/${MASTER_NAME}`);
  const wakes = await wakesOf(redis, "channel");
  await redis.client.set("key", "1");
  await expect.poll(wakes).toBeGreaterThan(0);

  const failover = sentinel.killMaster();
  await expect.poll(() => redis.isReady()).toBe(false);
  await expect(redis.client.set("key", "2")).rejects.toThrow();
  await failover;
  await healed(redis, "key");
  const before = await wakes();
  await expect.poll(wakes).toBeGreaterThan(before);
  await expect.poll(() => redis.lines.at(-1)).toContain("is there again");
}, 60_000);

test("Sentinels that do not know the master, or do not answer, end the start at once", async () => {
  const sentinel = await startSentinel(serverBinary());
  onTestFinished(() => sentinel.stop());
  const unknown = await connect(`redis+sentinel://${hostsOf(sentinel.ports)}/nobody`);
  expect(unknown.isReady()).toBe(false);
  expect(await unknown.unavailability()).toBe("Redis does not answer.");
  await expect(unknown.client.get("key")).rejects.toThrow();
  expect(unknown.lines[0]).toMatch(/Failed to connect to Redis/);
}, 30_000);

test("TLS with an authority of our own, and a user of an access list", async ({ skip }) => {
  skip(onPath("openssl") === undefined, "there is no openssl to make a certificate with");
  const binary = await findServer({ tls: true });
  if (binary === undefined) return skip("none of the Redis servers at hand was built with TLS");
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [key, ca, acl] = ["key", "ca", "acl"].map((name) => join(folder, name)) as [string, string, string];
  await writeFile(acl, "user default on nopass -@all +ping\nuser chat on >p@ss ~* &* +@all\n");
  const request = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const subject = ["-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...request, ...subject, "-keyout", key, "-out", ca], { stdio: "ignore" });
  const port = await freePort();
  const tls = [
    "--tls-port",
    `${port}`,
    "--tls-cert-file",
    ca,
    "--tls-key-file",
    key,
    "--tls-auth-clients",
    "no",
  ];
  const args = [...tls, "--tls-ca-cert-file", ca, "--aclfile", acl];
  const server = await startServer(binary, args);
  onTestFinished(() => server.stop());
  const url = `rediss://chat:p%40ss@127.0.0.1:${port}`;
  const trusted = await connect(url, { REDIS_TLS_CA_FILE: ca });
  expect(await trusted.client.set("key", "1")).toBe("OK");
  const untrusted = await connect(url);
  expect(untrusted.isReady()).toBe(false);
  await expect(connect(url.replace("p%40ss", "wrong"), { REDIS_TLS_CA_FILE: ca })).rejects.toThrow(
    /refuses the connection: WRONGPASS/,
  );
}, 30_000);

async function startRedis(...args: string[]) {
  const server = await startServer(serverBinary(), args);
  onTestFinished(() => server.stop());
  const observer = await createClient({ url: server.url }).connect();
  onTestFinished(() => observer.destroy());
  return { ...server, command: (...words: string[]) => observer.sendCommand(words) };
}

test.each([
  ["a user without the keys", ["~other:*", "+@all"]],
  ["a user without scripts", ["~*", "+@all", "-eval", "-evalsha"]],
])("does not start with %s, and says what Redis replied", async (_, rights) => {
  const server = await startRedis("--user", "app", "on", ">pw", "&*", ...rights);
  const url = server.url.replace("//", "//app:pw@");
  await expect(connect(url)).rejects.toThrow(RedisRefused);
  await expect(connect(url)).rejects.toThrow(/refuses the connection: NOPERM.* Check REDIS_URL/);
});

test("does not start with a database that Redis does not have", async () => {
  const server = await startRedis("--databases", "2");
  await expect(connect(`${server.url}/7`)).rejects.toThrow(/DB index is out of range/);
});

test("is available while it can store, says why it cannot, and leaves nothing behind", async () => {
  const server = await startRedis();
  const redis = await connect(server.url);
  expect(await redis.unavailability()).toBeNull();
  expect(await server.command("DBSIZE")).toBe(0);
  expect(await server.command("CLIENT", "LIST")).toContain("name=redis-memory-magic ");
  await server.command("CONFIG", "SET", "maxmemory", "1");
  expect(await redis.unavailability()).toMatch(/out of memory/);
  await server.command("CONFIG", "SET", "maxmemory", "0");
  await server.command("REPLICAOF", "127.0.0.1", "1");
  await expect.poll(() => redis.unavailability()).toMatch(/read-only replica/);
  await server.command("REPLICAOF", "NO", "ONE");
  await expect.poll(() => redis.unavailability()).toBeNull();
});

test("starts with a read-only replica, warns, and is not available", async () => {
  const server = await startRedis("--replicaof", "127.0.0.1 1");
  const redis = await connect(server.url);
  expect(redis.lines[0]).toMatch(
    /does not store: This Redis is a read-only replica .* What to do: npm run doctor$/,
  );
  expect(await redis.unavailability()).toMatch(/read-only replica/);
});

test("connects to the new master when the address leads to it and the old one stays as a replica", async () => {
  const [old, next] = [await startRedis(), await startRedis()];
  let target = old.port;
  const sockets = new Set<Socket>();
  const proxy = createServer((socket) => {
    const upstream = openSocket(target, "127.0.0.1");
    for (const end of [socket, upstream]) sockets.add(end.on("error", () => {}));
    socket.pipe(upstream).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = proxy.address() as { port: number };
  const redis = await connect(`redis://127.0.0.1:${port}`);
  const wakes = await wakesOf(redis, "channel");
  await redis.client.set("key", "1");
  await expect.poll(wakes).toBeGreaterThan(0);
  target = next.port;
  await old.command("REPLICAOF", "127.0.0.1", `${next.port}`);
  await healed(redis, "key");
  const before = await wakes();
  await expect.poll(wakes).toBeGreaterThan(before);
  expect(await next.command("GET", "key")).toBe("1");
}, 60_000);
