import { wholeTurns } from "../load.ts";
import type { PinnedProgram } from "../pinned.ts";
import { type Contestant, contestantsOf, cpuMicroseconds, inRounds, medians } from "./contestants.ts";
import { fillSessions } from "./histories.ts";
import type { Programs } from "./programs.ts";
import {
  CLIENTS,
  chat,
  fromLast,
  fromSession,
  relayed,
  respond,
  type SessionOf,
  sessionsOf,
  throughPortkey,
} from "./requests.ts";
import { atMost, type Bar, type TurnTable } from "./table.ts";

const MEASURE_MS = 1300;

/** Prints the rows of turns whose answers are read whole: their rate and CPU. */
export async function wholeTurnRows(programs: Programs, table: TurnTable): Promise<void> {
  await youngSessions(programs, table);
  await longSessions(programs, table);
  await twoServers(programs, table);
}

async function measure({ programs, ask }: Contestant): Promise<{ perSecond: number; cpu: number }> {
  let perSecond = 0;
  const urls = programs.map(({ url }) => url);
  const cpu = await cpuMicroseconds(programs, async () => {
    const { turns, seconds } = await wholeTurns(urls, CLIENTS, MEASURE_MS, ask);
    perSecond = turns / seconds;
    return turns;
  });
  return { perSecond, cpu };
}

/** Prints the two rows of a kind of turn. Returns the CPU of this server's. */
async function row(
  table: TurnTable,
  what: string,
  contestants: readonly [Contestant, ...Contestant[]],
  bar?: Bar,
): Promise<number> {
  const found = await inRounds(contestants, measure);
  const cpu = medians(found, (one) => one.cpu);
  table.row(
    `whole turns per second, ${what}`,
    medians(found, ({ perSecond }) => perSecond),
  );
  const isMissed = table.row("CPU of such a turn, µs", cpu, bar && { bar });
  const [own] = contestants;
  await table.explainCpu(isMissed, `CPU of a turn, ${what}`, own.programs[0], () => measure(own));
  return cpu.get(own.column) ?? Number.NaN;
}

async function youngSessions(programs: Programs, table: TurnTable): Promise<void> {
  const relays = {
    bare: relayed("/chat", "at-once"),
    portkey: throughPortkey(programs.upstream.url, "at-once"),
  };
  const ask = (mode: "stateless" | "stateful", name: string) =>
    contestantsOf(programs, { ...relays, products: chat(mode, "at-once", sessionsOf(20, name)) });
  // Their code is compiled before the measurement. After three rounds this server's turns still become cheaper.
  await inRounds(ask("stateful", "warm"), measure, 10);

  await row(table, "stateless", ask("stateless", "stateless"));
  const cpu = await row(table, "stateful, turns 1–20 (10 on average)", ask("stateful", "young"), atMost(230));
  await row(
    table,
    "`/v1/responses`, chains of 1–20 (10 on average)",
    contestantsOf(programs, {
      products: respond("at-once", (_, turn, last) => (turn % 20 === 0 ? {} : fromLast(last))),
    }),
    atMost(1.2 * cpu, "≤ 1.2 × `POST /chat`"),
  );
}

async function longSessions(programs: Programs, table: TurnTable): Promise<void> {
  const { products } = programs;
  const ask = (name: string, more: object) => {
    const session: SessionOf = (client) => `${name}-${client}`;
    return contestantsOf(programs, { products: chat("stateful", "at-once", session, more) });
  };
  for (const name of ["windowed", "recalled", "chained"]) await fillSessions(products, name);
  const off = { memory: "window" };
  const windowed = await row(table, "stateful, from turn 1,000 on, recall off", ask("windowed", off));
  await row(
    table,
    "stateful, from turn 1,000 on, recall on",
    ask("recalled", {}),
    atMost(1.15 * windowed, "≤ 1.15 × recall off"),
  );
  await row(
    table,
    "`/v1/responses`, a chain from turn 1,000 on, recall on",
    contestantsOf(programs, {
      products: respond("at-once", (client, turn, last) =>
        turn === 0 ? fromSession(`chained-${client}`) : fromLast(last),
      ),
    }),
  );
  await fillSessions(products, "pictured", 20);
  await row(
    table,
    "stateful, from turn 1,000 on, recall off, images of 32 kB in the first 20 turns, only text is sent",
    ask("pictured", off),
  );
}

async function twoServers(programs: Programs, table: TurnTable): Promise<void> {
  const started: PinnedProgram[] = [];
  try {
    for (const { startServer } of programs.products) started.push(await startServer());
    const products = chat("stateful", "at-once", sessionsOf(20, "two"));
    const [own, ...others] = contestantsOf(programs, { products }).map(
      (one, n): Contestant => ({ ...one, programs: [one.programs[0], started[n] as PinnedProgram] }),
    );
    const contestants = [own as Contestant, ...others] as const;
    // The code of the servers that were just started is compiled before the measurement.
    await inRounds(contestants, measure, 10);
    await row(table, "stateful, turns 1–20, a session's turns alternate between two servers", contestants);
  } finally {
    for (const server of started) await server.stop();
  }
}
