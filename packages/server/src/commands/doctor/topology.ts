import type { RedisConfig } from "../../config/redis.ts";
import { counted } from "../../counted.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { RedisNode } from "./redis-node.ts";

const SLOTS = 16_384;
const SENTINELS = 3;

/** Whether it is the kind of Redis that REDIS_URL says, and whole. */
export async function checkTopology(config: RedisConfig, nodes: readonly RedisNode[]): Promise<CheckResult> {
  const isCluster = nodes.some(({ info }) => info.get("cluster_enabled") === "1");
  const withoutReplica = nodes.filter(({ info }) => Number(info.get("connected_slaves") ?? 0) === 0).length;
  if (config.topology === "cluster") return checkCluster(nodes, withoutReplica);
  if (isCluster)
    return fail(
      "topology",
      "This is a node of a Cluster: it refuses keys that other nodes have. Write REDIS_URL as redis+cluster://…",
    );
  if (config.topology === "single") return ok("topology", "one server");
  const text = `the master named by ${counted(config.nodes.length, "sentinel")}`;
  if (config.nodes.length < SENTINELS)
    return warn(
      "topology",
      `${text}: name ${SENTINELS} at least in REDIS_URL, so that the server finds it when one is away.`,
    );
  if (withoutReplica > 0)
    return warn("topology", `${text}, without a replica: no sentinel can put another in its place.`);
  return ok("topology", text);
}

async function checkCluster(nodes: readonly RedisNode[], withoutReplica: number): Promise<CheckResult> {
  const answer = String(await nodes[0]?.ask(["CLUSTER", "INFO"]).catch(() => ""));
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, "m").exec(answer)?.[1];
  if (answer === "")
    return warn(
      "topology",
      `a Cluster of ${counted(nodes.length, "master")}, whose state may not be asked for (CLUSTER INFO)`,
    );
  const assigned = Number(field("cluster_slots_ok"));
  if (field("cluster_state") !== "ok" || assigned < SLOTS) {
    return fail(
      "topology",
      `the Cluster is ${field("cluster_state")}: ${assigned} of ${SLOTS} slots have a master. See redis-cli --cluster check, then redis-cli --cluster fix.`,
    );
  }
  const text = `a Cluster of ${counted(nodes.length, "master")}, all slots there`;
  if (withoutReplica > 0)
    return warn(
      "topology",
      `${text}; ${withoutReplica} without a replica: what they hold is away while they are. Add replicas.`,
    );
  return ok("topology", text);
}
