import { createClient } from "@redis/client";
import { type Server, startServer } from "./servers.ts";

const SLOTS = 16_384;
const MASTERS = 3;
const DEADLINE_MS = 30_000;

/** Three masters without replicas, and a way to move slots between them. */
export interface TestCluster {
  readonly ports: readonly number[];
  /** Moves the slot of a key to the next master, as `redis-cli --cluster reshard` does: key by key. */
  moveSlotOf(key: string, pauseMs: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startCluster(binary: string): Promise<TestCluster> {
  const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "5000"];
  const servers = await Promise.all(Array.from({ length: MASTERS }, () => startServer(binary, args)));
  const nodes = await Promise.all(servers.map(connectTo));
  const ids = await Promise.all(nodes.map((node) => node.sendCommand<string>(["CLUSTER", "MYID"])));
  /** The master that has a slot. */
  const owners = Array.from({ length: SLOTS }, (_, slot) => Math.floor((slot * MASTERS) / SLOTS));
  const stop = async (): Promise<void> => {
    for (const node of nodes) node.destroy();
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const [n, node] of nodes.entries()) {
      const slots = owners.flatMap((owner, slot) => (owner === n ? [`${slot}`] : []));
      await node.sendCommand(["CLUSTER", "ADDSLOTS", ...slots]);
      await node.sendCommand(["CLUSTER", "SET-CONFIG-EPOCH", `${n + 1}`]);
    }
    for (const { port } of servers.slice(1)) {
      await nodes[0]?.sendCommand(["CLUSTER", "MEET", "127.0.0.1", `${port}`]);
    }
    await until(async () => {
      const states = await Promise.all(nodes.map((node) => node.sendCommand<string>(["CLUSTER", "INFO"])));
      return states.every((state) => /cluster_state:ok/.test(state) && /cluster_known_nodes:3/.test(state));
    });
  } catch (error) {
    await stop();
    throw error;
  }

  const moveSlotOf = async (key: string, pauseMs: number): Promise<void> => {
    const slot = await nodes[0]?.sendCommand<number>(["CLUSTER", "KEYSLOT", key]);
    if (slot === undefined) throw new Error("the cluster has no node");
    const from = owners[slot] ?? 0;
    const to = (from + 1) % MASTERS;
    const setSlot = (n: number, ...args: string[]) =>
      nodes[n]?.sendCommand(["CLUSTER", "SETSLOT", `${slot}`, ...args]);
    await setSlot(to, "IMPORTING", ids[from] ?? "");
    await setSlot(from, "MIGRATING", ids[to] ?? "");
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const keys = await nodes[from]?.sendCommand<string[]>(["CLUSTER", "GETKEYSINSLOT", `${slot}`, "1"]);
      if (keys === undefined || keys.length === 0) break;
      const target = ["127.0.0.1", `${servers[to]?.port}`, "", "0", "5000"];
      await nodes[from]?.sendCommand(["MIGRATE", ...target, "KEYS", ...keys]);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    for (const n of [to, from, (to + 1) % MASTERS]) await setSlot(n, "NODE", ids[to] ?? "");
    owners[slot] = to;
  };
  return { ports: servers.map(({ port }) => port), moveSlotOf, stop };
}

async function connectTo({ url }: Server) {
  const client = createClient({ url });
  client.on("error", () => {});
  return client.connect();
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`the cluster was not up after ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
