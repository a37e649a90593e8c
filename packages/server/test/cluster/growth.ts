import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@redis/client";
import { startCluster } from "../../../memory/test/cluster.ts";
import { serverBinary, startServer } from "../../../memory/test/servers.ts";
import { Load } from "./load.ts";
import { figuresOf } from "./process-figures.ts";
import { onServers, type Topology } from "./topology.ts";

const PEOPLE = 32;
const WARM_UP_MS = 3000;
const MEASURED_MS = 10_000;
const QUESTION = `fake ${JSON.stringify({ words: 50, delayMs: 5 })}`;

export interface Growth {
  readonly servers: number;
  readonly shards: number;
  readonly turnsPerSecond: number;
  /** CPU time of all servers for a turn. */
  readonly serverMs: number;
  /** CPU time of all shards for a turn. */
  readonly redisMs: number;
  /** What the busiest of each does of all the work; 0.5 of two would be even. */
  readonly busiest: { readonly server: number; readonly shard: number };
}

/** What a turn costs each process, which tells what more of them could do where each has a core of its own. */
export async function measureGrowth(servers: number, shards: 1 | 3): Promise<Growth> {
  const { topology, ports } = shards === 1 ? await single() : await threeShards();
  return onServers(topology, servers, async (started) => {
    const load = new Load(started, PEOPLE, QUESTION);
    await sleep(WARM_UP_MS);
    const figures = async () => ({
      turns: load.completed,
      at: performance.now(),
      servers: started.all.map(({ pid }) => figuresOf(pid).cpuMs),
      shards: await Promise.all(ports.map(cpuOfRedis)),
    });
    const before = await figures();
    await sleep(MEASURED_MS);
    const after = await figures();
    await load.end();
    const turns = after.turns - before.turns;
    const spent = (of: "servers" | "shards") => after[of].map((ms, n) => ms - (before[of][n] ?? 0));
    const [byServers, byShards] = [spent("servers"), spent("shards")];
    return {
      servers,
      shards,
      turnsPerSecond: (turns / (after.at - before.at)) * 1000,
      serverMs: sum(byServers) / turns,
      redisMs: sum(byShards) / turns,
      busiest: {
        server: Math.max(...byServers) / sum(byServers),
        shard: Math.max(...byShards) / sum(byShards),
      },
    };
  });
}

async function single(): Promise<{ topology: Topology; ports: readonly number[] }> {
  const { url, port, stop } = await startServer(serverBinary());
  return { topology: { name: "one Redis", url, killMaster: async () => {}, stop }, ports: [port] };
}

async function threeShards(): Promise<{ topology: Topology; ports: readonly number[] }> {
  const cluster = await startCluster(serverBinary());
  const url = `redis+cluster://${cluster.ports.map((port) => `127.0.0.1:${port}`)}`;
  return { topology: { ...cluster, name: "Cluster", url }, ports: cluster.ports };
}

async function cpuOfRedis(port: number): Promise<number> {
  const client = await createClient({ url: `redis://127.0.0.1:${port}` }).connect();
  const info = await client.info("cpu");
  client.destroy();
  const seconds = ["used_cpu_sys", "used_cpu_user"].map((name) =>
    Number(new RegExp(`^${name}:(\\S+)`, "m").exec(info)?.[1]),
  );
  return sum(seconds) * 1000;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
