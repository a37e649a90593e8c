import { parseArgs } from "node:util";
import {
  clientLeaves,
  nonsensicalIds,
  readersThatNeverRead,
  sameKey,
  sessionGoes,
  twoTabs,
} from "./client-faults.ts";
import { type Outcome, printTable } from "./outcome.ts";
import {
  packetsOfAnySize,
  providerDies,
  providerFallsSilent,
  providerSaysNonsense,
} from "./provider-faults.ts";
import { REDIS_FAULTS, redisGoesAway, redisLinkIsLost, redisRestarts } from "./redis-faults.ts";
import { freezePastLease, killAtEachToken, killUnderLoad, terminate } from "./server-faults.ts";
import { masterFailsOver, slotMoves } from "./topology-faults.ts";

/** Tries every fault, and prints what came of it. `--only <text>` tries those whose name holds the text. */
const FAULTS: Readonly<Record<string, () => Promise<Outcome | readonly Outcome[]>>> = {
  "server-kill-each-token": () => killAtEachToken({ tokens: 40 }),
  "server-kill-load": () => killUnderLoad({ rounds: 3, turns: 40 }),
  "server-freeze": () => freezePastLease({ turns: 40 }),
  "server-terminate": () => terminate({ turns: 20 }),
  ...Object.fromEntries(
    (Object.keys(REDIS_FAULTS) as (keyof typeof REDIS_FAULTS)[]).map((fault) => [
      `redis-${fault}`,
      () => redisGoesAway(fault, { rounds: 2, turns: 30 }),
    ]),
  ),
  "redis-link": () => redisLinkIsLost({ rounds: 2, turns: 30 }),
  "redis-restart": () => redisRestarts({ rounds: 2, turns: 30 }),
  "provider-dies": providerDies,
  "provider-silent": providerFallsSilent,
  "provider-nonsense": providerSaysNonsense,
  "provider-packets": packetsOfAnySize,
  "client-same-key": () => sameKey({ requests: 1000 }),
  "client-leaves": () => clientLeaves({ tokens: 30 }),
  "client-two-tabs": () => twoTabs({ turns: 10 }),
  "client-session-goes": () => sessionGoes({ rounds: 3 }),
  "client-nonsense": nonsensicalIds,
  "client-silent-readers": () => readersThatNeverRead({ readers: 1000 }),
  "cluster-slot": () => slotMoves({ turns: 10 }),
  "sentinel-failover": masterFailsOver,
};

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const outcomes: Outcome[] = [];
for (const [name, attempt] of Object.entries(FAULTS)) {
  if (!name.includes(values.only)) continue;
  const started = performance.now();
  outcomes.push(...[await attempt()].flat());
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${name}: ${outcomes.at(-1)?.losses.length} losses, ${seconds} s`);
}
if (outcomes.length === 0) throw new Error(`No fault has "${values.only}" in its name.`);
printTable(outcomes);
process.exitCode = outcomes.some(({ losses }) => losses.length > 0) ? 1 : 0;
