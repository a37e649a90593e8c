import { type Figures, type Held, spread } from "./figures.ts";
import type { Spent } from "./machine.ts";
import type { LoadOptions } from "./options.ts";
import { BUSY, type Measured, OVERHEAD, type Sizing, STREAM_BYTES, sizeFor } from "./sizing.ts";

const SIZES = [5_000, 100_000];

/** A run and its measurements. */
export interface Run {
  readonly options: LoadOptions;
  readonly held: Held;
  readonly figures: Figures;
  readonly server: Spent | undefined;
  readonly redis: Spent | undefined;
  /** A session's average size in Redis. */
  readonly stored:
    | { readonly bytes: number; readonly messages: number; readonly ttlSeconds: number }
    | undefined;
  /** Cores that the simulated users themselves used. */
  readonly ownCores: number;
}

const round = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : `${Number(value.toPrecision(2))}`;
const gigabytes = (bytes: number): string => `${round(bytes / 1e9)} GB`;
const megabytes = (bytes: number): string => `${round(bytes / 1e6)} MB`;

/** Formats a Markdown table; the first row is its head. */
const table = (rows: readonly (readonly string[])[]): string =>
  rows
    .map((row, n) => `| ${row.join(" | ")} |${n === 0 ? `\n|---|${"--:|".repeat(row.length - 1)}` : ""}`)
    .join("\n");

export function runReport({ options, held, figures, server, redis, stored, ownCores }: Run): string {
  const { users, thinkSeconds, turns, mode, provider } = options;
  const spent = (of: Spent | undefined) =>
    of
      ? `${round(of.cpuSeconds / held.seconds)} cores, ${megabytes(of.residentBytes)}: ${of.process}`
      : "not seen: not on this machine, or another user's";
  const errors = [...figures.errors].map(([code, count]) => `${code} ${count}`).join(", ");
  return table([
    [
      "what",
      `${users} users, ${mode}, ${provider}, ${thinkSeconds} s between turns, ${turns} turns a session`,
    ],
    ["measured", `${round(held.seconds)} s`],
    [
      "turns answered",
      `${held.turns} (${round(held.turns / held.seconds)} per second) in ${held.sessions} sessions`,
    ],
    ["answers streaming at once", `${round(held.averageOpen)}, at most ${held.mostOpen}`],
    ["time to first text, ms: median / p95 / p99", spread(figures.firstTextMs)],
    ["whole turn, ms: median / p95 / p99", spread(figures.turnMs)],
    ["errors", errors || "none"],
    ["server", spent(server)],
    ["Redis", spent(redis)],
    [
      "a session in Redis",
      stored
        ? `${round(stored.bytes / 1000)} kB for ${round(stored.messages)} messages, for ${round(stored.ttlSeconds)} s after its last use`
        : "none was found",
    ],
    ["the simulated users themselves", `${round(ownCores)} cores`],
  ]);
}

/** Returns the figures for a forecast; undefined if one of them could not be measured. */
export function measured({ options, held, server, redis, stored }: Run): Measured | undefined {
  if (!server || !redis || !stored || held.turns === 0) return undefined;
  const userSeconds = options.users * held.seconds;
  return {
    turnsPerUserAndSecond: held.turns / userSeconds,
    sessionsPerUserAndSecond: held.sessions / userSeconds,
    openPerUser: held.averageOpen / options.users,
    serverCpuSecondsPerTurn: server.cpuSeconds / held.turns,
    redisCpuSecondsPerTurn: redis.cpuSeconds / held.turns,
    serverBytes: server.residentBytes,
    redisBytesPerSession: stored.bytes,
    ttlSeconds: stored.ttlSeconds,
  };
}

export function sizingReport(of: Measured): string {
  const sizes = SIZES.map((users) => sizeFor(users, of));
  const row = (what: string, show: (size: Sizing) => string) => [what, ...sizes.map(show)];
  return [
    table([
      ["users at once", ...SIZES.map((users) => users.toLocaleString("en"))],
      row("turns per second", ({ turnsPerSecond }) => round(turnsPerSecond)),
      row("answers streaming at once", ({ openStreams }) => round(openStreams)),
      row("cores for the server, a process each", ({ serverCores }) => round(serverCores)),
      row("RAM for the server, all processes", ({ serverBytes }) => gigabytes(serverBytes)),
      row("sessions in Redis", ({ sessions }) => round(sessions)),
      row("cores for Redis", ({ redisCores }) => round(redisCores)),
      row("shards of Redis", ({ redisShards }) => round(redisShards)),
      row("RAM for Redis, all shards, without replicas", ({ redisBytes }) => gigabytes(redisBytes)),
    ]),
    "",
    "Assumptions:",
    `- Each user takes ${round(of.turnsPerUserAndSecond * 60)} turns a minute and begins ${round(of.sessionsPerUserAndSecond * 3600)} sessions an hour, as in this run. Users who send no messages cost nothing.`,
    `- A turn takes ${round(of.serverCpuSecondsPerTurn * 1e3)} ms of the server's CPU and ${round(of.redisCpuSecondsPerTurn * 1e3)} ms of Redis', as in this run, on cores like these.`,
    `- A core is ${BUSY * 100} % busy at most, so that answers stay prompt at peaks.`,
    `- A process of the server takes ${megabytes(of.serverBytes)}, and ${STREAM_BYTES / 1000} kB for each running answer.`,
    `- A session takes ${round(of.redisBytesPerSession / 1000)} kB and stays ${round(of.ttlSeconds)} s after its last use. Redis takes ${OVERHEAD} times that for its buffers and fragmentation; a snapshot, or the append-only file being rewritten, can temporarily take as much again.`,
    "- Cost grows in proportion to users. This run does not show that two servers do twice the work, and three shards three times.",
    "- The model is not included: neither its machines nor its price.",
  ].join("\n");
}
