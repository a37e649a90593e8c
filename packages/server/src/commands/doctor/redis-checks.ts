import { counted } from "../../counted.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { Machine } from "./machine.ts";
import type { RedisNode } from "./redis-node.ts";

const TRIES = 20;
const SLOW_MS = 10;
const MEGABYTE = 1e6;
const WARN_SECONDS = 2;
const FAIL_SECONDS = 30;

/** All that can be said of one server. `where`: which one, where there are several. */
export async function checkNode(node: RedisNode, where: string, { now }: Machine): Promise<CheckResult[]> {
  const results = [
    version(node),
    role(node),
    eviction(node),
    memory(node),
    ...(await persistence(node)),
    await clock(node, now),
    await latency(node),
  ];
  return results.map((result) => ({ ...result, text: where + result.text }));
}

export function version({ info }: RedisNode): CheckResult {
  const valkey = info.get("valkey_version");
  const number = valkey ?? info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = number.split(".").map(Number);
  const name = `${valkey ? "Valkey" : "Redis"} ${number}`;
  if (major > 6 || (major === 6 && minor >= 2)) return ok("version", name);
  return fail("version", `${name} is too old: 6.2 or newer is needed.`);
}

function role({ info }: RedisNode): CheckResult {
  const replicas = Number(info.get("connected_slaves") ?? 0);
  if (info.get("role") === "slave")
    return fail(
      "replication",
      "This is a replica, which takes no writes. Name its master in REDIS_URL, or the sentinels.",
    );
  if (replicas > 0) return ok("replication", `a master with ${counted(replicas, "replica")}`);
  return ok("replication", "a master without replicas: while it is away, stateful turns are refused");
}

function eviction({ info }: RedisNode): CheckResult {
  const policy = info.get("maxmemory_policy") ?? "unknown";
  if (policy === "noeviction") return ok("eviction", "noeviction: nothing is forgotten before its time");
  const text = `maxmemory-policy is ${policy}`;
  const remedy =
    "Set it to noeviction: redis-cli CONFIG SET maxmemory-policy noeviction, and in its configuration.";
  if (info.get("maxmemory") === "0")
    return warn(
      "eviction",
      `${text}: without maxmemory nothing is evicted, but as soon as one is set, conversations vanish when it is full. ${remedy}`,
    );
  return fail("eviction", `${text}: when Redis is full, conversations vanish before they expire. ${remedy}`);
}

function memory({ info }: RedisNode): CheckResult {
  const number = (field: string) => Number(info.get(field) ?? 0);
  const [used, most, system] = [number("used_memory"), number("maxmemory"), number("total_system_memory")];
  const megabytes = (bytes: number) => `${Math.round(bytes / MEGABYTE)} MB`;
  if (most === 0) {
    const text = `${megabytes(used)} used, of ${megabytes(system)} that the machine has; no maxmemory is set`;
    if (used < system / 2) return ok("memory", text);
    return warn(
      "memory",
      `${text}: it grows until the system ends it. Set maxmemory, or give it more room (docs/operate/sizing.md).`,
    );
  }
  const text = `${megabytes(used)} used of ${megabytes(most)}`;
  if (system > 0 && most > system)
    return warn(
      "memory",
      `${text}, more than the ${megabytes(system)} that the machine has: the system ends Redis before it is full. Lower maxmemory (docs/operate/sizing.md).`,
    );
  if (used > 0.95 * most)
    return fail(
      "memory",
      `${text}: it is full, and writes are refused. Raise maxmemory, or shorten SESSION_TTL_SECONDS.`,
    );
  if (used > 0.8 * most)
    return warn(
      "memory",
      `${text}: soon it is full, and writes are refused. Raise maxmemory, or shorten SESSION_TTL_SECONDS.`,
    );
  return ok("memory", text);
}

async function persistence(node: RedisNode): Promise<CheckResult[]> {
  const { info } = node;
  const results: CheckResult[] = [];
  const setting = async (name: string): Promise<string | undefined> => {
    const answer = await node.ask(["CONFIG", "GET", name]).catch(() => undefined);
    // A map by RESP3, else a list.
    const value = Array.isArray(answer) ? answer[1] : (answer as Record<string, unknown> | undefined)?.[name];
    return value === undefined ? undefined : String(value);
  };
  const broken = [
    ["aof_last_write_status", "the append-only file"],
    ["aof_last_bgrewrite_status", "the rewriting of the append-only file"],
    ["rdb_last_bgsave_status", "the last snapshot"],
  ].filter(([field = ""]) => info.has(field) && info.get(field) !== "ok");
  if (broken.length > 0)
    results.push(
      fail(
        "disk",
        `${broken.map(([, what]) => what).join(" and ")} could not be written. Look into Redis' log and at its disk.`,
      ),
    );
  if (info.get("aof_enabled") === "1") {
    const sync = await setting("appendfsync");
    const lost: Record<string, CheckResult> = {
      always: ok(
        "persistence",
        "append-only file, appendfsync always: nothing that was acknowledged is lost",
      ),
      everysec: ok(
        "persistence",
        "append-only file, appendfsync everysec: when its machine fails, about a second is lost",
      ),
      no: warn(
        "persistence",
        "appendfsync is no: when its machine fails, what the system had not written is lost, often half a minute. Set it to everysec.",
      ),
    };
    results.push(lost[sync ?? ""] ?? ok("persistence", "append-only file; appendfsync may not be asked for"));
    return results;
  }
  const save = await setting("save");
  if (save === undefined)
    results.push(
      warn(
        "persistence",
        "no append-only file, and whether there are snapshots may not be asked for. Set appendonly yes.",
      ),
    );
  else if (save === "")
    results.push(
      fail(
        "persistence",
        "none: a restart of Redis forgets every conversation. Set appendonly yes: redis-cli CONFIG SET appendonly yes, and in its configuration.",
      ),
    );
  else
    results.push(
      warn(
        "persistence",
        `snapshots alone (save ${save}): what came after the last one is lost with Redis. Set appendonly yes.`,
      ),
    );
  return results;
}

async function clock(node: RedisNode, now: () => number): Promise<CheckResult> {
  const before = now();
  const [seconds, microseconds] = (await node.ask(["TIME"])) as [string, string];
  const difference = (Number(seconds) * 1000 + Number(microseconds) / 1000 - (before + now()) / 2) / 1000;
  const text = `Redis' clock is ${Math.abs(difference).toFixed(1)} s ${difference > 0 ? "ahead of" : "behind"} this machine's`;
  const advice =
    "Have both follow a time server (chrony, systemd-timesyncd): times in answers are Redis', those of keys and logins this machine's.";
  if (Math.abs(difference) > FAIL_SECONDS) return fail("clock", `${text}. ${advice}`);
  if (Math.abs(difference) > WARN_SECONDS) return warn("clock", `${text}. ${advice}`);
  return ok("clock", text);
}

async function latency(node: RedisNode): Promise<CheckResult> {
  const times: number[] = [];
  for (let tries = 0; tries < TRIES; tries++) {
    const sent = performance.now();
    // Not PING: one that cannot write its snapshots refuses that.
    await node.ask(["TIME"]);
    times.push(performance.now() - sent);
  }
  times.sort((a, b) => a - b);
  const median = times[TRIES / 2] ?? 0;
  const text = `${median.toFixed(1)} ms there and back (median of ${TRIES}), ${times.at(-1)?.toFixed(1)} ms at most`;
  if (median < SLOW_MS) return ok("latency", text);
  return warn(
    "latency",
    `${text}: every piece of an answer waits that long before it is shown. Bring server and Redis into one data centre.`,
  );
}
