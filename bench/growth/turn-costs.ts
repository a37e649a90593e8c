import { createClient, createCluster } from "@redis/client";
import { MessageHistory } from "../../packages/memory/src/index.ts";
import { percentile, wholeTurns } from "../load.ts";
import type { PinnedProgram } from "../pinned.ts";
import { redisCpuSeconds, redisVersion } from "../redis-info.ts";
import { messagesOf } from "../turns/histories.ts";
import { chat, type SessionOf } from "../turns/requests.ts";

/** No more than the fewest sessions: a session has one turn at a time. */
export const CLIENTS = 10;
const ROUNDS = 3;
const ROUND_MS = 1500;
/** Smaller than ten turns, so that it is full in each session that is compared. */
const WINDOW_TOKENS = 512;

/** One Redis, or the shards of a Cluster. */
export interface Redis {
  /** Returns the seconds of CPU that each shard has used, and the bytes that each has in use. */
  figures(): Promise<{ readonly cpuSeconds: number[]; readonly bytes: number[] }>;
  /** Adds the messages of so many turns to a session, as the server stores them. */
  addTurns(session: string, turns: number): Promise<void>;
  version(): Promise<string | undefined>;
  close(): void;
}

/** What a turn costs. */
export interface Cost {
  readonly serverMicros: number;
  readonly redisMicros: number;
}

export const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** @param urls of one Redis, or of the masters of a Cluster */
export async function connectTo(urls: readonly string[]): Promise<Redis> {
  const clients = await Promise.all(urls.map((url) => createClient({ url }).connect()));
  const [first] = clients as [(typeof clients)[0]];
  const cluster = createCluster({ rootNodes: urls.map((url) => ({ url })) });
  if (urls.length > 1) await cluster.connect();
  // Without the server in between: a hundred thousand sessions are many requests.
  const history = new MessageHistory({ client: urls.length > 1 ? cluster : first, recall: true });
  const infoOf = async (section: string) => Promise.all(clients.map((client) => client.info(section)));
  return {
    figures: async () => ({
      cpuSeconds: (await infoOf("cpu")).map(redisCpuSeconds),
      bytes: (await infoOf("memory")).map((info) => Number(/^used_memory:(\d+)/m.exec(info)?.[1])),
    }),
    addTurns: async (session, turns) => {
      for (const messages of messagesOf(turns)) await history.addMessages(session, messages);
    },
    version: async () => redisVersion((await infoOf("server"))[0]),
    close: () => {
      for (const client of clients) client.destroy();
      if (urls.length > 1) cluster.destroy();
    },
  };
}

/** Returns the median cost of turns in each of several kinds of session, measured in alternation. */
export async function costs(
  server: PinnedProgram,
  redis: Redis,
  kinds: readonly { session: SessionOf; memory: "window" | "recall" }[],
): Promise<Cost[]> {
  const found = kinds.map((): Cost[] => []);
  // The first round compiles the code.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [n, { session, memory }] of kinds.entries()) {
      const ask = chat("stateful", "at-once", session, { context_tokens: WINDOW_TOKENS, memory });
      const [cpu, before] = [server.cpuSeconds(), await redis.figures()];
      const { turns } = await wholeTurns([server.url], CLIENTS, ROUND_MS, ask);
      const serverMicros = ((server.cpuSeconds() - cpu) * 1e6) / turns;
      const after = await redis.figures();
      const redisMicros = ((sum(after.cpuSeconds) - sum(before.cpuSeconds)) * 1e6) / turns;
      if (round > 0) found[n]?.push({ serverMicros, redisMicros });
    }
  }
  const median = (of: readonly Cost[], figure: keyof Cost) =>
    percentile(
      of.map((cost) => cost[figure]),
      0.5,
    );
  return found.map((of) => ({
    serverMicros: median(of, "serverMicros"),
    redisMicros: median(of, "redisMicros"),
  }));
}

/** Runs a task for each number below `total`, as many at a time as there are clients. */
export async function forAll(total: number, task: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < total) await task(next++);
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
}
