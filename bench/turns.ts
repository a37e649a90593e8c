// `npm run bench:turns`: what a turn costs, compared in the same run with a bare relay of the same upstream, with a relay
// through the AI SDK and with Portkey's gateway. With `--beside COMMIT` the server of another commit is measured too, with
// `--profile` each row that misses what is to be reached says where its CPU or memory goes, with `--write` the table
// becomes docs/results/performance.md.
import { parseArgs } from "node:util";
import { checkOutOtherCommit } from "./other-commit.ts";
import { pinSelf } from "./pinned.ts";
import { redisVersion } from "./redis-info.ts";
import { idleStreamRows } from "./turns/idle-streams.ts";
import { pacedStreamRows } from "./turns/paced-streams.ts";
import { startPrograms } from "./turns/programs.ts";
import { measureStarts, startRows } from "./turns/starts.ts";
import { storedBytesRows } from "./turns/stored-bytes.ts";
import { streamedTurnRows } from "./turns/streamed-turns.ts";
import { TurnTable } from "./turns/table.ts";
import { wholeTurnRows } from "./turns/whole-turns.ts";

const { values: options } = parseArgs({
  options: {
    beside: { type: "string" },
    profile: { type: "boolean", default: false },
    write: { type: "boolean" },
  },
});

const other = await checkOutOtherCommit(options.beside);
const starts = await measureStarts();
pinSelf(1);
const programs = await startPrograms(other);
try {
  const table = new TurnTable(programs, options.profile);
  await wholeTurnRows(programs, table);
  await streamedTurnRows(programs, table);
  await pacedStreamRows(programs, table);
  await idleStreamRows(programs, table);
  await storedBytesRows(programs, table);
  startRows(starts, programs, table);
  table.end();
  const info = await programs.products[0].redis.info("server");
  table.results.save({
    name: "performance",
    title: "Performance: CPU, latency and memory of turns",
    script: "bench:turns",
    options: [...(other ? ["--beside", other.commit] : []), ...(options.profile ? ["--profile"] : [])],
    software: [`Redis ${redisVersion(info)}`],
  });
} finally {
  await programs.stop();
}
