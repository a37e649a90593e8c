import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openStreams, percentile, stream } from "../load.ts";
import type { PinnedProgram } from "../pinned.ts";
import type { Contestant } from "./contestants.ts";
import { type Programs, TITLES } from "./programs.ts";
import { chat, relayed } from "./requests.ts";
import { fixed, type TurnTable } from "./table.ts";

const WANTED = 10_000;
/** What a server has open besides streams, and what the measured turns need. */
const OTHER_DESCRIPTORS = 200;
/** More requests that arrive together would wait for each other, until their deadline in Redis. */
const AT_ONCE = 100;
const MEASURE_MS = 5000;
/** So that the server takes neither for too many, nor the upstream for silent. */
const LIMITS = { MAX_CONNECTIONS: "20000", IDLE_TIMEOUT_SECONDS: "600" };

interface Turns {
  readonly firstTextMs: readonly number[];
  readonly cpu: number;
}

/** Prints what the streams that one process holds open cost while nothing comes, and what a turn costs beside them. */
export async function idleStreamRows(programs: Programs, table: TurnTable): Promise<void> {
  const count = mostStreams();
  const [own] = programs.products;
  const found = new Map([
    [
      own.title,
      await measure(await own.startServer(LIMITS), count, {
        idle: chat("stateful", "open", (n) => `idle-${n}`),
        turn: chat("stateful", "at-once", (client, turn) => `beside-${client}-${turn}`),
      }),
    ],
    [
      TITLES.bare,
      await measure(await programs.startBare(), count, {
        idle: relayed("/stream", "open"),
        turn: relayed("/stream", "at-once"),
      }),
    ],
  ]);
  const row = (what: string, show: (one: Awaited<ReturnType<typeof measure>>) => string) =>
    table.row(what, new Map([...found.keys()].map((column) => [column, 0])), {
      show: (_, column) => {
        const one = found.get(column);
        return one ? show(one) : "–";
      },
    });
  const both = (show: (turns: Turns) => string, { alone, beside }: { alone: Turns; beside: Turns }) =>
    `${show(alone)}; ${show(beside)}`;
  row(`CPU of ${count} idle streams, % of a core`, ({ idleShare }) => fixed(1)(idleShare * 100));
  row(`CPU of a streamed turn, one at a time, µs: alone; beside ${count} idle streams, less theirs`, (one) =>
    both(({ cpu }) => fixed(0)(cpu), one),
  );
  row(`its time to first text, ms, median / p99: alone; beside ${count} idle streams`, (one) =>
    both(
      ({ firstTextMs }) => [0.5, 0.99].map((share) => fixed(1)(percentile(firstTextMs, share))).join(" / "),
      one,
    ),
  );
}

/** Each stream takes two descriptors of the server: the client's and the upstream's. */
function mostStreams(): number {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  return Math.min(WANTED, Math.floor((limit - OTHER_DESCRIPTORS) / 2));
}

async function measure(
  program: PinnedProgram,
  count: number,
  asks: { readonly idle: Contestant["ask"]; readonly turn: Contestant["ask"] },
) {
  const close: (() => Promise<void>)[] = [];
  try {
    // The code is compiled before the measurement.
    for (let round = 0; round < 3; round++) await turns(program, asks.turn, 0);
    const alone = await turns(program, asks.turn, 0);
    for (let first = 0; first < count; first += AT_ONCE) {
      const some = Math.min(AT_ONCE, count - first);
      close.push(await openStreams(program.url, some, (n) => asks.idle(first + n, 0)));
    }
    const before = program.cpuSeconds();
    await sleep(MEASURE_MS);
    const idleShare = (program.cpuSeconds() - before) / (MEASURE_MS / 1000);
    const beside = await turns(program, asks.turn, idleShare);
    for (const one of close) await one();
    return { idleShare, alone, beside };
  } finally {
    await program.stop();
  }
}

/** @param idleShare the share of a core that is not the turns' */
async function turns(program: PinnedProgram, ask: Contestant["ask"], idleShare: number): Promise<Turns> {
  const before = program.cpuSeconds();
  const startedAt = performance.now();
  const { firstTextMs, streams } = await stream(program.url, 1, MEASURE_MS, ask);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = ((program.cpuSeconds() - before - idleShare * seconds) * 1e6) / streams;
  return { firstTextMs, cpu };
}
