import { setTimeout as sleep } from "node:timers/promises";
import { Load } from "./load.ts";
import { figuresOf } from "./process-figures.ts";
import { onServers, type Topology } from "./topology.ts";

const STREAMS = 1000;
/** A minute each. */
const QUESTION = `fake ${JSON.stringify({ words: 100, delayMs: 600 })}`;
const EVERY_MS = 5000;
/** Clients keep a connection that is idle for as long as the server lets them: 72 s. */
const CLOSED_WITHIN_MS = 100_000;
/** Connections to Redis and to the provider that are kept for the next. */
const KEPT = 16;

export interface Soak {
  readonly minutes: number;
  readonly turns: number;
  readonly completed: number;
  /** More than a few connections that are kept for the next. */
  readonly descriptorsLeft: boolean;
  readonly servers: readonly {
    /** Medians of the second and of the last fifth of the time: the first is warm-up. */
    readonly memoryMb: readonly [early: number, late: number];
    readonly descriptors: { readonly before: number; readonly most: number; readonly after: number };
  }[];
}

/** A thousand people read from two servers for so long: does anything grow, is anything left behind? */
export const soak = (topology: Topology, minutes: number): Promise<Soak> =>
  onServers(topology, 2, async (servers) => {
    const figures = () => servers.all.map(({ pid }) => figuresOf(pid));
    const before = figures();
    const load = new Load(servers, STREAMS, QUESTION);
    const samples: ReturnType<typeof figures>[] = [];
    const until = performance.now() + minutes * 60_000;
    while (performance.now() < until) {
      await sleep(EVERY_MS);
      samples.push(figures());
      const [a, b] = samples.at(-1) ?? [];
      process.stderr.write(
        `${Math.round((until - performance.now()) / 1000)} s left: ${load.completed} answers, ` +
          `${a?.residentMb.toFixed()} and ${b?.residentMb.toFixed()} MB, ` +
          `${a?.descriptors} and ${b?.descriptors} descriptors\n`,
      );
    }
    await load.end();
    const closedBy = performance.now() + CLOSED_WITHIN_MS;
    const isLeft = () => figures().some((now, n) => now.descriptors > (before[n]?.descriptors ?? 0) + KEPT);
    while (isLeft() && performance.now() < closedBy) await sleep(1000);
    const after = figures();
    const fifth = Math.max(1, Math.floor(samples.length / 5));
    const memory = (server: number, from: number) =>
      median(samples.slice(from, from + fifth).map((sample) => sample[server]?.residentMb ?? 0));
    return {
      minutes,
      turns: load.asked.length,
      completed: load.completed,
      descriptorsLeft: isLeft(),
      servers: servers.all.map((_, n) => ({
        memoryMb: [memory(n, fifth), memory(n, samples.length - fifth)] as const,
        descriptors: {
          before: before[n]?.descriptors ?? 0,
          most: Math.max(...samples.map((sample) => sample[n]?.descriptors ?? 0)),
          after: after[n]?.descriptors ?? 0,
        },
      })),
    };
  });

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
