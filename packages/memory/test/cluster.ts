import { newClient } from "./new-client.ts";
import { type Server, startServer } from "./servers.ts";

const SLOTS = 16_384;
const MASTERS = 3;
const DEADLINE_MS = 30_000;
// A master waits for more replicas, before it begins with the first.
const SYNC_AT_ONCE = ["--repl-diskless-sync-delay", "0"];

/** Three masters, and ways to have slots move between them and to have one die. */
export interface TestCluster {
  /** Of the masters, as they were at the beginning. */
  readonly ports: readonly number[];
  /** Moves the slot of a key to the next master, as `redis-cli --cluster reshard` does: key by key. */
  moveSlotOf(key: string, pauseMs: number): Promise<void>;
  /** Moves so many slots of the first master to the second. */
  moveSlots(count: number): Promise<void>;
  /** Kills the first master; resolves when a replica has taken its place, or at once where it has none. */
  killMaster(): Promise<void>;
  /** Starts it again: it replicates the node that replaced it. */
  reviveMaster(): Promise<void>;
  stop(): Promise<void>;
}

interface ClusterOptions {
  /** Of each master. */
  readonly replicas?: 0 | 1;
  /** After how long a silent node counts as dead. */
  readonly nodeTimeoutMs?: number;
  readonly args?: readonly string[];
}

export async function startCluster(
  binary: string,
  { replicas = 0, nodeTimeoutMs = 5000, args: more = [] }: ClusterOptions = {},
): Promise<TestCluster> {
  const args = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    `${nodeTimeoutMs}`,
    ...SYNC_AT_ONCE,
    ...more,
  ];
  const all = MASTERS * (1 + replicas);
  const allServers = await Promise.all(Array.from({ length: all }, () => startServer(binary, args)));
  const allNodes = await Promise.all(allServers.map(connectTo));
  const [servers, nodes] = [allServers.slice(0, MASTERS), allNodes.slice(0, MASTERS)];
  const ids = await Promise.all(nodes.map((node) => node.sendCommand<string>(["CLUSTER", "MYID"])));
  /** The master that has a slot. */
  const owners = Array.from({ length: SLOTS }, (_, slot) => Math.floor((slot * MASTERS) / SLOTS));
  const stop = async (): Promise<void> => {
    for (const node of allNodes) node.destroy();
    await Promise.all(allServers.map((server) => server.stop()));
  };
  const infosMatch = async (...patterns: RegExp[]): Promise<boolean> => {
    const infos = await Promise.all(allNodes.map((node) => node.sendCommand<string>(["CLUSTER", "INFO"])));
    return patterns.every((pattern) => infos.every((info) => pattern.test(info)));
  };
  try {
    for (const [n, node] of nodes.entries()) {
      const slots = owners.flatMap((owner, slot) => (owner === n ? [`${slot}`] : []));
      await node.sendCommand(["CLUSTER", "ADDSLOTS", ...slots]);
      await node.sendCommand(["CLUSTER", "SET-CONFIG-EPOCH", `${n + 1}`]);
    }
    for (const { port } of allServers.slice(1)) {
      await nodes[0]?.sendCommand(["CLUSTER", "MEET", "127.0.0.1", `${port}`]);
    }
    await until(() => infosMatch(/cluster_state:ok/, new RegExp(`cluster_known_nodes:${all}\\b`)));
    for (const [n, replica] of allNodes.slice(MASTERS).entries()) {
      await until(() =>
        replica.sendCommand(["CLUSTER", "REPLICATE", ids[n] ?? ""]).then(
          () => true,
          () => false,
        ),
      );
      await until(async () => /master_link_status:up/.test(await replica.info("replication")));
    }
    // Who does not know of a replica would not vote for it.
    await until(async () => {
      const views = await Promise.all(nodes.map((node) => node.sendCommand<string>(["CLUSTER", "NODES"])));
      return views.every((view) => view.match(/ slave /g)?.length === (replicas * MASTERS || undefined));
    });
  } catch (error) {
    await stop();
    throw error;
  }

  const moveSlotOf = async (key: string, pauseMs: number): Promise<void> => {
    const slot = await nodes[0]?.sendCommand<number>(["CLUSTER", "KEYSLOT", key]);
    if (slot === undefined) throw new Error("the cluster has no node");
    await moveSlot(slot, pauseMs);
  };
  const moveSlots = async (count: number): Promise<void> => {
    for (let slot = 0; slot < count; slot++) await moveSlot(slot, 0);
  };
  const moveSlot = async (slot: number, pauseMs: number): Promise<void> => {
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
  const killMaster = async (): Promise<void> => {
    await servers[0]?.kill();
    if (replicas === 0) return;
    const replica = allNodes[MASTERS];
    await until(async () => /role:master/.test((await replica?.info("replication")) ?? ""));
  };
  const reviveMaster = async (): Promise<void> => servers[0]?.restart();
  return { ports: servers.map(({ port }) => port), moveSlotOf, moveSlots, killMaster, reviveMaster, stop };
}

async function connectTo({ url }: Server) {
  const client = newClient({ url });
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
