import { parseArgs } from "node:util";
import { FAULTS, type Row, tryFault } from "./rows.ts";
import { type Soak, soak } from "./soak.ts";
import { cluster, sentinel } from "./topology.ts";

/**
 * Two servers on a Cluster and behind sentinels, under load, while something breaks. `--only <text>` tries those
 * faults whose name holds the text; `--soak <minutes>` has a thousand people read for so long instead.
 */
const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, soak: { type: "string" } },
});

function printRows(rows: readonly Row[]): void {
  console.log(
    "\n| what happens to two servers under load | turns | completed | told otherwise | lost by Redis | losses |",
  );
  console.log("|---|--:|--:|--:|--:|--:|");
  for (const { fault, turns, completed, disturbed, lostByRedis, losses } of rows) {
    console.log(`| ${fault} | ${turns} | ${completed} | ${disturbed} | ${lostByRedis} | ${losses.length} |`);
  }
  for (const { fault, losses } of rows) {
    for (const loss of losses.slice(0, 10)) console.log(`\n${fault}: ${loss}`);
  }
}

function printSoak({ minutes, turns, completed, servers }: Soak): void {
  console.log(`\n1,000 people for ${minutes} minutes: ${turns} answers, ${completed} completed.\n`);
  console.log("| server | memory, early and late | descriptors before, at most, after |");
  console.log("|---|--:|--:|");
  for (const [n, { memoryMb, descriptors }] of servers.entries()) {
    const [early, late] = memoryMb.map((mb) => `${mb.toFixed()} MB`);
    const { before, most, after } = descriptors;
    console.log(`| ${n + 1} | ${early}, ${late} | ${before}, ${most}, ${after} |`);
  }
}

if (values.soak !== undefined) {
  const minutes = Number(values.soak);
  if (!(minutes > 0)) throw new Error("--soak needs a number of minutes, such as 10");
  const result = await soak(await cluster(), minutes);
  printSoak(result);
  if (result.completed < result.turns) process.exitCode = 1;
} else {
  const rows: Row[] = [];
  for (const start of [cluster, sentinel]) {
    for (const [name, fault] of Object.entries(FAULTS)) {
      const full = `${start.name}-${name}`;
      if (!full.includes(values.only) || (start === sentinel && name === "slots-moved")) continue;
      const started = performance.now();
      const row = await tryFault(await start(), fault);
      rows.push(row);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${full}: ${row.turns} turns, ${row.losses.length} losses, ${seconds} s`);
    }
  }
  printRows(rows);
  if (rows.some(({ losses }) => losses.length > 0)) process.exitCode = 1;
}
