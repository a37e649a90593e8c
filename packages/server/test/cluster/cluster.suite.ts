import { describe, expect, test } from "vitest";
import { recordRow } from "../../../../test/row.ts";
import { lossesOf } from "../faults/losses.ts";
import { askForWords } from "../faults/server-faults.ts";
import { Load } from "./load.ts";
import {
  type Servers,
  startClusterTopology,
  startSentinelTopology,
  type Topology,
  withServers,
} from "./topology.ts";

const USERS = 12;
const TURNS_BEFORE = 60;
const TURNS_AFTER = 80;
/** What a master acknowledged this shortly before it died may not have reached its replica. */
const REPLICATION_WINDOW_MS = 1000;

interface Outcome {
  readonly turns: number;
  readonly completed: number;
  /** Turns of which Redis lost something that a master had acknowledged within its last second. */
  readonly lostByRedis: number;
  readonly losses: readonly string[];
}

interface Fault {
  readonly cause: (servers: Servers, topology: Topology) => Promise<unknown>;
  /** A master dies: Redis may lose what it had not replicated. */
  readonly losesMaster?: true;
  /** No client notices: each turn that began is completed. */
  readonly isInvisible?: true;
}

describe.each([
  ["Cluster", startClusterTopology],
  ["Sentinel", startSentinelTopology],
] as const)("%s", (_, startTopology) => {
  const withstands = (fault: Fault) => async (context: Parameters<typeof recordRow>[0]) => {
    const { turns, completed, lostByRedis, losses } = await tryFault(await startTopology(), fault);
    const other = turns - completed;
    recordRow(context, {
      turns,
      completed,
      "interrupted or refused": other,
      "lost by Redis": lostByRedis,
      losses: losses.length,
    });
    expect(losses.slice(0, 10)).toEqual([]);
  };

  test(
    "serves on when a master is killed (SIGKILL) and its replica takes over",
    withstands({ cause: (_, topology) => topology.killMaster(), losesMaster: true }),
  );
  test.skipIf(startTopology === startSentinelTopology)(
    "completes every turn when 300 slots move to another master",
    withstands({ cause: (_, topology) => topology.moveSlots?.(300) ?? Promise.resolve(), isInvisible: true }),
  );
  test(
    "serves on when one of two servers is killed (SIGKILL)",
    withstands({ cause: (servers) => servers.kill(1) }),
  );
  test(
    "completes every turn when both servers are replaced, one after the other (SIGTERM)",
    withstands({
      cause: async (servers) => {
        for (const index of [0, 1]) await servers.replace(index);
      },
      isInvisible: true,
    }),
  );
});

/** Puts two servers under load, causes the fault, and checks everything that a client was shown. */
const tryFault = (topology: Topology, { cause, losesMaster, isInvisible }: Fault): Promise<Outcome> =>
  withServers(topology, 2, async (servers) => {
    const load = new Load(servers, USERS, askForWords(8, 50));
    await load.completes(TURNS_BEFORE);
    const causedAt = performance.now();
    await cause(servers, topology);
    await load.completes(TURNS_AFTER);
    await load.end();
    const losses: string[] = [];
    let lostByRedis = 0;
    const left = [...load.asked];
    const check = async (): Promise<void> => {
      for (let turn = left.pop(); turn !== undefined; turn = left.pop()) {
        const found = await lossesOf(servers.base, turn.stream);
        const isInWindow = losesMaster && turn.from < causedAt && turn.to > causedAt - REPLICATION_WINDOW_MS;
        // A turn that Redis still knows has an end, whatever was lost.
        const isExcused = isInWindow && !found.some((loss) => loss.includes("no end: 200"));
        if (found.length > 0 && isExcused) lostByRedis++;
        else losses.push(...found);
      }
    };
    await Promise.all(Array.from({ length: 8 }, check));
    if (isInvisible) {
      // A turn that was refused before it began has left nothing, and its client knows that.
      for (const { stream } of load.asked.filter(({ stream }) => stream.status === 200)) {
        if (stream.end?.event !== "turn-completed")
          losses.push(`${stream.sessionId}: the end was ${stream.end?.event ?? "missing"}`);
      }
    }
    return { turns: load.asked.length, completed: load.completed, lostByRedis, losses };
  });
