import { parseArgs } from "node:util";
import { type Growth, measureGrowth } from "./growth.ts";
import { FAULTS, type Row, tryFault } from "./rows.ts";
import { type Soak, soak } from "./soak.ts";
import { cluster, sentinel } from "./topology.ts";

/**
 * Two servers on a Cluster and behind sentinels, under load, while something breaks. `--only <text>` tries those
 * faults whose name holds the text. Instead of them, `--soak <minutes>` has a thousand people read for so long, and
 * `--growth` measures what one and two servers and one and three shards spend on a turn.
 */
const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, soak: { type: "string" }, growth: { type: "boolean" } },
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

function printGrowth(rows: readonly Growth[]): void {
  console.log(
    "\n| servers | shards | turns a second | servers' CPU a turn | Redis' CPU a turn | busiest server, shard |",
  );
  console.log("|--:|--:|--:|--:|--:|--:|");
  for (const { servers, shards, turnsPerSecond, serverMs, redisMs, busiest } of rows) {
    const shares = [busiest.server, busiest.shard].map((share) => `${(share * 100).toFixed()} %`);
    console.log(
      `| ${servers} | ${shards} | ${turnsPerSecond.toFixed()} | ${serverMs.toFixed(2)} ms | ${redisMs.toFixed(2)} ms | ${shares.join(", ")} |`,
    );
  }
}

if (values.growth) {
  const rows: Growth[] = [];
  for (const [servers, shards] of [
    [1, 1],
    [2, 1],
    [2, 3],
  ] as const) {
    rows.push(await measureGrowth(servers, shards));
  }
  printGrowth(rows);
} else if (values.soak !== undefined) {
  const minutes = Number(values.soak);
  if (!(minutes > 0)) throw new Error("--soak needs a number of minutes, such as 10");
  const result = await soak(await cluster(), minutes);
  printSoak(result);
  if (result.completed < result.turns || result.descriptorsLeft) process.exitCode = 1;
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
  if (rows.length === 0) throw new Error(`No fault has "${values.only}" in its name.`);
  printRows(rows);
  if (rows.some(({ losses }) => losses.length > 0)) process.exitCode = 1;
}
