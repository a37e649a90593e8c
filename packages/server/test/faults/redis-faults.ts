import { setTimeout as sleep } from "node:timers/promises";
import { times } from "../../../../test/thoroughness.ts";
import { ENDS_WITHIN_MS, within } from "../within.ts";
import { lossesOfAll, request } from "./losses.ts";
import type { Outcome } from "./outcome.ts";
import type { RedisProcess } from "./redis-process.ts";
import { askForWords, beginStaggered } from "./server-faults.ts";
import { withSystem } from "./system.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { chatRequest, TurnStream } from "./turn-stream.ts";

/** While Redis is away: two operations of 2 s each, and some time. `npm test` shares the machine with other tests. */
const ANSWERED_WITHIN_MS = times(30_000, 5000);

interface RedisFault {
  begin(redis: RedisProcess): unknown;
  end(redis: RedisProcess): unknown;
}

export const REDIS_FAULTS = {
  killed: { begin: (redis) => redis.kill(), end: (redis) => redis.start() },
  frozen: { begin: (redis) => redis.freeze(), end: (redis) => redis.thaw() },
  full: {
    begin: (redis) => redis.command("CONFIG", "SET", "maxmemory", "1"),
    end: (redis) => redis.command("CONFIG", "SET", "maxmemory", "0"),
  },
  readOnly: {
    begin: (redis) => redis.command("REPLICAOF", "127.0.0.1", "9"),
    end: (redis) => redis.command("REPLICAOF", "NO", "ONE"),
  },
} as const satisfies Record<string, RedisFault>;

interface Size {
  readonly rounds: number;
  readonly turns: number;
}

/** Redis cannot be used while turns are in every phase, for at least this long. */
export const redisIs = (
  fault: keyof typeof REDIS_FAULTS,
  { leastMs, ...size }: Size & { leastMs: number },
): Promise<Outcome> =>
  withSystem(async (system) => {
    const { begin, end }: RedisFault = REDIS_FAULTS[fault];
    const { base } = await system.startServer();
    return inRounds(base, size, 10, lossesWithoutEnd, async (round) => {
      await begin(system.redis);
      const [losses] = await Promise.all([
        within(ENDS_WITHIN_MS, lossesWhileAway(base, `away-${round}`)).catch((error) => [String(error)]),
        sleep(leastMs),
      ]);
      await end(system.redis);
      return losses;
    });
  });

/** Redis is killed and started at once: every turn completes. */
export const redisRestarts = (size: Size): Promise<Outcome> =>
  withSystem(async (system) => {
    const { base } = await system.startServer();
    const lossesIfNotCompleted = ({ end, status }: TurnStream) =>
      end?.event === "turn-completed" ? [] : [`the end was ${end?.event ?? status}`];
    return inRounds(base, size, 20, lossesIfNotCompleted, async () => {
      await system.redis.kill();
      await system.redis.start();
      return [];
    });
  });

/** The server's connections to Redis carry nothing any more, and are not closed. New connections work. */
export const connectionsAreLost = (size: Size): Promise<Outcome> =>
  withSystem(async (system) => {
    const proxy = await TcpProxy.to(system.redis.port);
    try {
      const { base } = await system.startServer({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
      return await inRounds(base, size, 10, lossesWithoutEnd, async () => {
        proxy.dropTraffic();
        return [];
      });
    } finally {
      proxy.close();
    }
  });

/** Begins turns in every phase, has the fault happen, and checks every turn. */
async function inRounds(
  base: string,
  { rounds, turns }: Size,
  wordMs: number,
  check: (stream: TurnStream) => string[],
  fault: (round: number) => Promise<string[]>,
): Promise<Outcome> {
  const losses: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const streams = await beginStaggered(base, `r${round}`, turns, askForWords(60, wordMs), 15);
    losses.push(...(await fault(round)));
    await within(ENDS_WITHIN_MS, Promise.all(streams.map(({ closed }) => closed)));
    losses.push(...streams.flatMap(check), ...(await lossesOfAll(base, streams)));
  }
  return { tries: rounds * turns, losses };
}

const lossesWithoutEnd = ({ end, status }: TurnStream): string[] =>
  end === undefined && status !== 503 ? [`no end, status ${status}`] : [];

/** What is promised while Redis is away: a stateless turn is answered, a stateful one refused, and nothing hangs. */
async function lossesWhileAway(base: string, name: string): Promise<string[]> {
  const ask = (mode: string, headers?: Record<string, string>) => {
    const body = { message: "Hi", mode, provider: "mirror", session_id: `${name}-${mode}` };
    return within(ANSWERED_WITHIN_MS, request(base, "POST", "/chat", body, headers));
  };
  const [stateless, stateful, keyed] = await Promise.all([
    ask("stateless"),
    ask("stateful"),
    ask("stateless", { "idempotency-key": `key-of-${name}` }),
  ]);
  const losses = await lossesInCancelling(base, name);
  const { stored, message_count, response } = stateless.body;
  if (stateless.status !== 200 || stored !== false || message_count !== 0 || !response)
    losses.push(`stateless: ${stateless.status} ${JSON.stringify(stateless.body)}`);
  for (const [what, answer] of Object.entries({ stateful, keyed })) {
    if (answer.status !== 503 || answer.retryAfter === null || answer.body.code !== "storage_unavailable")
      losses.push(`${what}: ${answer.status} ${answer.retryAfter} ${JSON.stringify(answer.body)}`);
  }
  return losses;
}

/** A turn that is not stored can be cancelled too. */
async function lossesInCancelling(base: string, name: string): Promise<string[]> {
  const session = `${name}-cancelled`;
  const stream = TurnStream.ask(base, {
    ...chatRequest(session, askForWords(10_000, 20)),
    mode: "stateless",
  });
  await stream.received(3);
  const { status, body } = await request(base, "POST", `/sessions/${session}/turns/${stream.turnId}/cancel`);
  await stream.closed;
  const isCancelled = status === 200 && body.status === "cancelled" && stream.end?.event === "turn-cancelled";
  return isCancelled ? [] : [`cancelling: ${status} ${JSON.stringify(body)}, ended by ${stream.end?.event}`];
}
