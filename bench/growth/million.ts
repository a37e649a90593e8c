import { BUSY, OVERHEAD } from "../simulated-users/sizing.ts";
import type { Cost } from "./turn-costs.ts";

const SESSIONS = 1_000_000;
const MINUTES_BETWEEN_TURNS = 10;
const SHARD_GIB = 16;
/** A Cluster has at least so many. */
const MIN_SHARDS = 3;

/** What was measured, and what a million sessions are calculated from. */
interface Base {
  readonly cost: Cost;
  readonly turnsPerSession: number;
  readonly bytesPerSession: number;
  /** The bytes of the largest shard, divided by the average. */
  readonly largestShare: number;
}

export const count = (value: number): string => Math.round(value).toLocaleString("en");

/** Returns what a million sessions need on a Cluster, in Markdown, with the assumptions. */
export function millionSessions({ cost, turnsPerSession, bytesPerSession, largestShare }: Base): string[] {
  const turnsPerSecond = SESSIONS / (MINUTES_BETWEEN_TURNS * 60);
  const coresFor = (micros: number) => (turnsPerSecond * micros) / 1e6 / BUSY;
  const gib = (SESSIONS * bytesPerSession * OVERHEAD) / 2 ** 30;
  const shards = Math.max(
    MIN_SHARDS,
    Math.ceil(coresFor(cost.redisMicros) * largestShare),
    Math.ceil((gib * largestShare) / SHARD_GIB),
  );
  return [
    `| ${count(SESSIONS)} sessions on a Cluster | calculated |`,
    "|---|--:|",
    `| turns per second | ${count(turnsPerSecond)} |`,
    `| processes of the server, one core each | ${Math.ceil(coresFor(cost.serverMicros))} |`,
    `| cores of Redis | ${coresFor(cost.redisMicros).toFixed(1)} |`,
    `| memory of Redis, all masters, GiB | ${count(gib)} |`,
    `| shards | ${shards} |`,
    `| memory of the largest shard, GiB | ${((gib / shards) * largestShare).toFixed(1)} |`,
    "",
    "Assumptions:",
    `- Each session has ${turnsPerSession} turns of two messages of 200 bytes, and takes ${count(bytesPerSession)} bytes with its turns' records, as measured here.`,
    `- Each session has a turn every ${MINUTES_BETWEEN_TURNS} minutes. Its answer has 50 tokens that arrive at once; tokens that arrive one by one cost more ([performance](performance.md), [load](load.md)).`,
    `- A turn costs what it costs here among the most sessions, on cores like these. A core is ${BUSY * 100} % busy at most.`,
    `- Redis takes ${OVERHEAD} times its data, for buffers and fragmentation, and a shard has at most ${SHARD_GIB} GiB. Replicas come on top.`,
    `- The largest shard has ${largestShare.toFixed(3)} times the average, as on the Cluster here: all sessions here have one owner, whose index of them is on one shard. With many owners the shards differ less.`,
    "- Shards share nothing, and a turn uses one of them. The network and the model are not in it.",
  ];
}
