// `npm run bench:growth`: whether a turn costs the same in a long session as in a short one, and among many sessions as
// among few; and from that what a million sessions need on a Cluster, checked against a Cluster of three shards. With
// `--write` the tables become docs/results/growth.md.
import { ResultPrinter } from "../docs/results/result-page.ts";
import { startCluster } from "../packages/memory/test/cluster.ts";
import { type Server, serverBinary, startServer } from "../packages/memory/test/servers.ts";
import { count, millionSessions } from "./growth/million.ts";
import { CLIENTS, type Cost, connectTo, costs, forAll, type Redis, sum } from "./growth/turn-costs.ts";
import { type PinnedProgram, pinSelf } from "./pinned.ts";
import { randomNumbers } from "./texts.ts";
import { postAll } from "./turns/histories.ts";
import { startServerOn, startUpstream } from "./turns/programs.ts";
import { chat, type SessionOf } from "./turns/requests.ts";

const TURN_NUMBERS = [10, 1000, 10_000];
const SESSION_COUNTS = [10, 1000, 100_000];
const CLUSTER_SESSIONS = 30_000;
/** Turns that the sessions have whose bytes are the base of the calculation. */
const TURNS_PER_SESSION = 20;
const SESSIONS_WEIGHED = 200;

const results = new ResultPrinter();
const { print } = results;
const percent = (share: number): string => `${share > 0 ? "+" : ""}${(share * 100).toFixed(0)} %`;

/** Prints a row for each cost. The last column compares it with the first. */
function costTable(title: string, rows: readonly (readonly [string, Cost])[]): void {
  print(
    "",
    `| ${title} | CPU of the server, µs | CPU of Redis, µs | both, compared with the first row (to reach: within 10 %) |`,
  );
  print("|---|--:|--:|--:|");
  const both = ({ serverMicros, redisMicros }: Cost) => serverMicros + redisMicros;
  const first = rows[0]?.[1];
  for (const [name, cost] of rows) {
    const compared = first && cost !== first ? percent(both(cost) / both(first) - 1) : "";
    print(`| ${name} | ${count(cost.serverMicros)} | ${count(cost.redisMicros)} | ${compared} |`);
  }
}

/** Adds sessions of two turns until there are so many. */
async function addSessions(redis: Redis, from: number, to: number): Promise<void> {
  await forAll(to - from, (n) => redis.addTurns(`many-${from + n}`, 2));
}

/** Any of so many sessions, each client's its own. */
function anyOf(sessions: number): SessionOf {
  const random = randomNumbers(sessions);
  const share = Math.max(1, Math.floor(sessions / CLIENTS));
  return (client) => `many-${(client * share + Math.floor(random() * share)) % sessions}`;
}

/** A session of its own for every four turns, so that it stays near its tenth turn. */
const YOUNG = 200;
const nearTurn10: SessionOf = (client, turn) => `turn-10-${client}-${Math.floor(turn / 4) % YOUNG}`;

async function byTurnNumber(server: PinnedProgram, redis: Redis): Promise<void> {
  const kinds: { name: string; session: SessionOf; memory: "window" | "recall" }[] = [];
  for (const memory of ["window", "recall"] as const) {
    for (const turn of TURN_NUMBERS) {
      const session: SessionOf = turn === 10 ? nearTurn10 : (client) => `turn-${turn}-${client}`;
      kinds.push({ name: `turn ${count(turn)}`, memory, session: (c, t) => `${memory}-${session(c, t)}` });
    }
    await forAll(CLIENTS * YOUNG, (n) =>
      redis.addTurns(`${memory}-turn-10-${n % CLIENTS}-${Math.floor(n / CLIENTS)}`, 8),
    );
    for (const turn of TURN_NUMBERS.slice(1))
      await forAll(CLIENTS, (client) => redis.addTurns(`${memory}-turn-${turn}-${client}`, turn));
  }
  const found = await costs(server, redis, kinds);
  const rows = kinds.map(({ name, memory }, n) => ({ name, memory, cost: found[n] as Cost }));
  for (const [memory, title] of [
    ["window", "a turn in a session, recall off"],
    ["recall", "a turn in a session, recall on"],
  ] as const) {
    const own = rows.filter((row) => row.memory === memory);
    costTable(
      title,
      own.map(({ name, cost }) => [name, cost]),
    );
  }
}

/** Returns what a turn costs among the most sessions, and the bytes of a session of two turns. */
async function bySessions(server: PinnedProgram, redis: Redis): Promise<{ cost: Cost; bytes: number }> {
  const before = sum((await redis.figures()).bytes);
  const rows: [string, Cost][] = [];
  let bytes = 0;
  let filled = 0;
  for (const sessions of SESSION_COUNTS) {
    await addSessions(redis, filled, sessions);
    filled = sessions;
    bytes = (sum((await redis.figures()).bytes) - before) / sessions;
    const [cost] = await costs(server, redis, [{ session: anyOf(sessions), memory: "window" }]);
    rows.push([`${count(sessions)} sessions`, cost as Cost]);
  }
  costTable("a turn in any of", rows);
  return { cost: rows.at(-1)?.[1] as Cost, bytes };
}

/** Returns the bytes of a session after so many turns, with the turns' records. */
async function bytesOfSession(server: PinnedProgram, redis: Redis): Promise<number> {
  const before = sum((await redis.figures()).bytes);
  await forAll(SESSIONS_WEIGHED, async (n) => {
    const ask = chat("stateful", "at-once", () => `weighed-${n}`);
    await postAll(
      server,
      "/chat",
      Array.from({ length: TURNS_PER_SESSION }, (_, turn) => ask(n, turn).body),
    );
  });
  return (sum((await redis.figures()).bytes) - before) / SESSIONS_WEIGHED;
}

/** Prints the Cluster of three shards beside what one Redis predicts for it. Returns the largest shard's share. */
async function checkOnCluster(
  upstream: PinnedProgram,
  predicted: { cost: Cost; bytes: number },
): Promise<number> {
  const cluster = await startCluster(serverBinary(), { nodeTimeoutMs: 30_000 });
  const redis = await connectTo(cluster.ports.map((port) => `redis://127.0.0.1:${port}`));
  const url = `redis+cluster://${cluster.ports.map((port) => `127.0.0.1:${port}`).join()}`;
  const server = await startServerOn(url, upstream);
  try {
    const before = (await redis.figures()).bytes;
    await addSessions(redis, 0, CLUSTER_SESSIONS);
    const after = (await redis.figures()).bytes;
    const bytes = after.map((of, shard) => of - (before[shard] ?? 0));
    const [cost] = (await costs(server, redis, [{ session: anyOf(CLUSTER_SESSIONS), memory: "window" }])) as [
      Cost,
    ];
    const row = (what: string, expected: number, measured: number, show = count) =>
      print(`| ${what} | ${show(expected)} | ${show(measured)} | ${percent(measured / expected - 1)} |`);
    print(
      "",
      `| ${count(CLUSTER_SESSIONS)} sessions of two turns on a Cluster of three shards | calculated from one Redis | measured | differs by |`,
    );
    print("|---|--:|--:|--:|");
    row("bytes of all shards", predicted.bytes * CLUSTER_SESSIONS, sum(bytes));
    row("bytes of the largest shard", (predicted.bytes * CLUSTER_SESSIONS) / 3, Math.max(...bytes));
    row("CPU of Redis for a turn, all shards, µs", predicted.cost.redisMicros, cost.redisMicros);
    row("CPU of the server for a turn, µs", predicted.cost.serverMicros, cost.serverMicros);
    return Math.max(...bytes) / (sum(bytes) / 3);
  } finally {
    await server.stop();
    redis.close();
    await cluster.stop();
  }
}

pinSelf(1);
const upstream = await startUpstream();
const single: Server = await startServer(serverBinary());
const redis = await connectTo([single.url]);
const server = await startServerOn(single.url, upstream);
try {
  await byTurnNumber(server, redis);
  const bytesPerSession = await bytesOfSession(server, redis);
  const many = await bySessions(server, redis);
  const largestShare = await checkOnCluster(upstream, many);
  const base = { ...many, bytesPerSession, turnsPerSession: TURNS_PER_SESSION, largestShare };
  print("", ...millionSessions(base));
  results.save({
    name: "growth",
    title: "Growth: long sessions, many sessions, a million on a Cluster",
    script: "bench:growth",
    software: [`Redis ${await redis.version()}`],
  });
} finally {
  redis.close();
  await Promise.all([server.stop(), upstream.stop()]);
  await single.stop();
}
