// `npm run test:durability`: kills Redis and writers many times. Prints the table of docs/develop/performance.md; ends
// with an error if anything was lost.
import { serverBinary } from "../servers.ts";
import { killRedis } from "./kill-redis.ts";
import { killWriter } from "./kill-writer.ts";

const KILLS = 25;
const WRITER_KILLS = 100;

const binary = serverBinary();
let faults = 0;

console.log("| what is killed | times | batches acknowledged | lost | doubled | half | out of order |");
console.log("|---|--:|--:|--:|--:|--:|--:|");
for (const client of ["@redis/client", "ioredis"] as const) {
  const { kills, acknowledged, lost, doubled, broken, disordered } = await killRedis(binary, client, KILLS);
  faults += lost + doubled + broken + disordered;
  const counts = [kills, acknowledged, lost, doubled, broken, disordered].join(" | ");
  console.log(`| Redis (\`appendfsync always\`), under 16 writers through ${client} | ${counts} |`);
}

const { kills, sessions, withoutTtl, broken } = await killWriter(binary, WRITER_KILLS);
faults += withoutTtl + broken;
console.log("\n| what is killed | times | sessions left behind | keys without a TTL | half batches |");
console.log("|---|--:|--:|--:|--:|");
console.log(`| the writing process | ${kills} | ${sessions} | ${withoutTtl} | ${broken} |`);
if (faults > 0) process.exitCode = 1;
