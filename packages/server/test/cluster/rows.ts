import { setTimeout as sleep } from "node:timers/promises";
import { lossesOf } from "../faults/proof.ts";
import { Load } from "./load.ts";
import { onServers, type Servers, type Topology } from "./topology.ts";

const PEOPLE = 12;
const BEFORE_MS = 3000;
const AFTER_MS = 4000;
const QUESTION = `fake ${JSON.stringify({ words: 8, delayMs: 50 })}`;
/** What was acknowledged so shortly before a master's death may not have reached its replica. */
const WINDOW_MS = 1000;

export interface Row {
  readonly fault: string;
  readonly turns: number;
  readonly completed: number;
  /** Turns that were told an end other than completed, or cut, or refused. */
  readonly disturbed: number;
  /** Turns of which Redis lost something that it had acknowledged within the window before its master's death. */
  readonly lostByRedis: number;
  readonly losses: readonly string[];
}

interface Fault {
  readonly name: string;
  strike(servers: Servers, topology: Topology): Promise<unknown>;
  /** Redis may lose what it had not replicated. */
  readonly ofMaster?: true;
  /** Nobody is to notice: each turn is completed. */
  readonly unnoticed?: true;
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  "master-killed": {
    name: "a master killed (-9), its replica takes over",
    strike: (_, topology) => topology.killMaster(),
    ofMaster: true,
  },
  "slots-moved": {
    name: "300 slots moved to another master",
    strike: (_, topology) => topology.moveSlots?.(300) ?? Promise.resolve(),
    unnoticed: true,
  },
  "server-killed": { name: "one of two servers killed (-9)", strike: (servers) => servers.kill(1) },
  "rolling-restart": {
    name: "both servers replaced, one after the other (SIGTERM)",
    strike: async (servers) => {
      for (const index of [0, 1]) await servers.replace(index);
    },
    unnoticed: true,
  },
};

/** Two servers under load, while the fault strikes; then everything that anybody was shown is looked for. */
export const tryFault = (topology: Topology, fault: Fault): Promise<Row> =>
  onServers(topology, 2, async (servers) => {
    const load = new Load(servers, PEOPLE, QUESTION);
    await sleep(BEFORE_MS);
    const struckAt = performance.now();
    await fault.strike(servers, topology);
    await sleep(AFTER_MS);
    await load.end();
    const losses: string[] = [];
    let lostByRedis = 0;
    const left = [...load.asked];
    const prove = async (): Promise<void> => {
      for (let turn = left.pop(); turn !== undefined; turn = left.pop()) {
        const found = await lossesOf(servers.base, turn.seen);
        const inWindow = fault.ofMaster && turn.from < struckAt && turn.to > struckAt - WINDOW_MS;
        // No end is never Redis' doing, unless it has forgotten the turn.
        const excused = inWindow && !found.some((loss) => loss.includes("no end: 200"));
        if (found.length > 0 && excused) lostByRedis++;
        else losses.push(...found);
      }
    };
    await Promise.all(Array.from({ length: 8 }, prove));
    // Refused before it began: nothing of it is left, and whoever asked was told so.
    const begun = load.asked.filter(({ seen }) => seen.status === 200);
    const disturbed = load.asked.length - load.completed;
    if (fault.unnoticed) {
      for (const { seen } of begun) {
        if (seen.end?.event !== "turn-completed") losses.push(`${seen.sessionId}: told ${seen.end?.event}`);
      }
    }
    return {
      fault: `${topology.name}: ${fault.name}`,
      turns: load.asked.length,
      completed: load.completed,
      disturbed,
      lostByRedis,
      losses,
    };
  });
