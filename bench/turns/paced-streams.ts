import { setTimeout as sleep } from "node:timers/promises";
import { openStreams, percentile, type Streamed, stream } from "../load.ts";
import type { PinnedProgram } from "../pinned.ts";
import { profileHeap, topPlaces } from "../profile.ts";
import { type Contestant, contestantsOf, cpuMicroseconds, inRounds, medians } from "./contestants.ts";
import { type Programs, TITLES } from "./programs.ts";
import { chat, relayed, throughPortkey } from "./requests.ts";
import { atMost, type Bar, fixed, type TurnTable } from "./table.ts";

const MEASURE_MS = 1500;
// A 99th percentile needs many streams, and each takes a second.
const FIRST_TEXT_MS = 4000;
const OPEN_STREAMS = 2000;

/** Prints the rows of streams: CPU of a token, time to first text, memory of an open stream. */
export async function pacedStreamRows(programs: Programs, table: TurnTable): Promise<void> {
  await tokens(programs, table);
  await firstText(programs, table);
  await openMemory(programs, table);
}

const relays = ({ upstream }: Programs, model: string) => ({
  bare: relayed("/stream", model),
  portkey: throughPortkey(upstream.url, model, { stream: true }),
});

async function tokens(programs: Programs, table: TurnTable): Promise<void> {
  const row = async (what: string, model: string, count: number, streams: number, bar?: Bar) => {
    const contestants = contestantsOf(programs, {
      products: chat("stateless", model, (client, turn) => `${model}-${client}-${turn}`),
      ...relays(programs, model),
      sdk: relayed("/stream", model),
    });
    const measure = ({ programs: [program], ask }: Contestant) =>
      cpuMicroseconds([program], async () => {
        const read = await stream(program.url, streams, MEASURE_MS, ask);
        return read.streams * count;
      });
    const cpu = medians(await inRounds(contestants, measure), (one) => one);
    const title = `CPU of a relayed token, ${what}, µs`;
    const isMissed = table.row(title, cpu, { show: fixed(1), ...(bar && { bar }) });
    const [own] = contestants;
    await table.explainCpu(isMissed, title, own.programs[0], () => measure(own));
  };
  await row("2,000 arriving together", "together", 2000, 4);
  await row("32 streams of 50 per second", "paced", 50, 32, atMost(90));
}

async function firstText(programs: Programs, table: TurnTable): Promise<void> {
  for (const [streams, p99] of [
    [32, 2],
    [256, 15],
  ] as const) {
    const direct: Contestant = {
      column: "upstream",
      programs: [programs.upstream],
      ask: () => ({ path: "/v1/chat/completions", body: { model: "paced", stream: true } }),
      mayRefuse: false,
    };
    const contestants = contestantsOf(programs, {
      products: chat("stateful", "paced", (client, turn) => `first-${streams}-${client}-${turn}`),
      ...relays(programs, "paced"),
    });
    const measure = ({ programs: [{ url }], ask }: Contestant): Promise<Streamed> =>
      stream(url, streams, FIRST_TEXT_MS, ask);
    const found = await inRounds([...contestants, direct], measure);
    const timesOf = (column: string) => (found.get(column) ?? []).flatMap(({ firstTextMs }) => firstTextMs);
    const added = (column: string, share: number) =>
      percentile(timesOf(column), share) - percentile(timesOf("upstream"), share);
    const figures = new Map(contestants.map(({ column }) => [column, added(column, 0.99)]));
    const title = `time to first text added at ${streams} streams, ms, median / p99`;
    const isMissed = table.row(title, figures, {
      bar: atMost(p99, `p99 ≤ ${p99}`),
      show: (value, column) => `${fixed(1)(added(column, 0.5))} / ${fixed(1)(value)}`,
    });
    const [own] = contestants;
    await table.explainCpu(isMissed, title, own.programs[0], () => measure(own));
  }
}

/** Uses new processes: an older one would reuse memory that it has already. */
async function openMemory(programs: Programs, table: TurnTable): Promise<void> {
  const kilobytes = async (program: PinnedProgram, ask: Contestant["ask"]) => {
    try {
      // One answer before the measurement: the code that it loads and compiles is not part of a stream.
      const close = [await openStreams(program.url, 1, () => ask(OPEN_STREAMS, 0))];
      const before = { resident: program.residentBytes(), live: await program.liveBytes() };
      close.push(await openStreams(program.url, OPEN_STREAMS, ask));
      await sleep(1000);
      const resident = program.residentBytes() - before.resident;
      const live = (await program.liveBytes()) - before.live;
      for (const one of close) await one();
      return { resident: resident / OPEN_STREAMS / 1000, live: live / OPEN_STREAMS / 1000 };
    } finally {
      await program.stop();
    }
  };
  const { products, startBare } = programs;
  const open = chat("stateless", "open", (n) => `open-${n}`);
  const found = new Map<string, { resident: number; live: number }>();
  for (const { title, startServer } of products) found.set(title, await kilobytes(await startServer(), open));
  found.set(TITLES.bare, await kilobytes(await startBare(), relayed("/stream", "open")));
  const what = `memory of an open stream, ${OPEN_STREAMS} of them, kB`;
  const figures = (of: "resident" | "live") => new Map([...found].map(([column, one]) => [column, one[of]]));
  const show = fixed(1);
  table.row(`${what}: resident, with garbage and free heap`, figures("resident"), { show });
  const isMissed = table.row(`${what}: in use`, figures("live"), { show, bar: atMost(25) });
  if (!isMissed || !table.isProfiled) return;
  const program = await products[0].startServer();
  try {
    const close = [await openStreams(program.url, 1, () => open(OPEN_STREAMS, 0))];
    const spent = await profileHeap(program, async () => {
      close.push(await openStreams(program.url, OPEN_STREAMS, open));
    });
    table.explain(`${what}: in use`, topPlaces(spent));
    for (const one of close) await one();
  } finally {
    await program.stop();
  }
}
