import { setTimeout as sleep } from "node:timers/promises";
import { within } from "../within.ts";
import { Link } from "./link.ts";
import type { Outcome } from "./outcome.ts";
import { lossesOfAll, request } from "./proof.ts";
import type { RedisProcess } from "./redis-process.ts";
import { staggered } from "./server-faults.ts";
import { onStage } from "./stage.ts";
import { TurnStream } from "./turn-stream.ts";

/** No answer may take longer than the two deadlines that stand one behind the other, and a moment. */
const ANSWERED_WITHIN_MS = 5000;
const ENDS_WITHIN_MS = 10_000;

interface RedisFault {
  readonly name: string;
  strike(redis: RedisProcess): unknown;
  heal(redis: RedisProcess): unknown;
}

/** What can befall a Redis. */
export const REDIS_FAULTS = {
  kill: {
    name: "killed (-9), started 3 s later",
    strike: (redis) => redis.kill(),
    heal: (redis) => redis.start(),
  },
  freeze: { name: "frozen for 3 s", strike: (redis) => redis.freeze(), heal: (redis) => redis.thaw() },
  fill: {
    name: "out of memory for 3 s",
    strike: (redis) => redis.command("CONFIG", "SET", "maxmemory", "1"),
    heal: (redis) => redis.command("CONFIG", "SET", "maxmemory", "0"),
  },
  readOnly: {
    name: "read-only for 3 s",
    strike: (redis) => redis.command("REPLICAOF", "127.0.0.1", "9"),
    heal: (redis) => redis.command("REPLICAOF", "NO", "ONE"),
  },
} as const satisfies Record<string, RedisFault>;

/** Redis goes away while turns are in every phase, and is back 3 s later. */
export const redisGoesAway = (
  fault: keyof typeof REDIS_FAULTS,
  { rounds, turns }: { rounds: number; turns: number },
): Promise<Outcome> =>
  onStage(async (stage) => {
    const { name, strike, heal }: RedisFault = REDIS_FAULTS[fault];
    const server = await stage.server();
    const question = `fake ${JSON.stringify({ words: 60, delayMs: 10 })}`;
    const losses: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const streams = await staggered(server.base, `r${round}`, turns, question, 15);
      await strike(stage.redis);
      const [found] = await Promise.all([
        within(ENDS_WITHIN_MS, lossesWhileAway(server.base, `away-${round}`)).catch(String),
        sleep(3000),
      ]);
      await heal(stage.redis);
      losses.push(...[found].flat());
      await within(ENDS_WITHIN_MS, Promise.all(streams.map(({ over }) => over)));
      for (const seen of streams) {
        if (seen.end === undefined && seen.status !== 503) losses.push(`no end, status ${seen.status}`);
      }
      losses.push(...(await lossesOfAll(server.base, streams)));
    }
    return { fault: `Redis ${name}, turns in every phase`, tries: rounds * turns, losses };
  });

/** Redis is back at once: turns go on as if nothing had been. */
export const redisRestarts = ({ rounds, turns }: { rounds: number; turns: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const server = await stage.server();
    const question = `fake ${JSON.stringify({ words: 60, delayMs: 20 })}`;
    const losses: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const streams = await staggered(server.base, `r${round}`, turns, question, 15);
      await stage.redis.kill();
      await stage.redis.start();
      await within(ENDS_WITHIN_MS, Promise.all(streams.map(({ over }) => over)));
      for (const seen of streams) {
        if (seen.end?.event !== "turn-completed") losses.push(`told ${seen.end?.event ?? seen.status}`);
      }
      losses.push(...(await lossesOfAll(server.base, streams)));
    }
    return { fault: "Redis killed (-9) and started at once", tries: rounds * turns, losses };
  });

/** A turn that is stored nowhere can be cancelled all the same. */
async function lossesInCancelling(base: string, name: string): Promise<string[]> {
  const session = `${name}-cancelled`;
  const message = `fake ${JSON.stringify({ words: 1000, delayMs: 20 })}`;
  const seen = TurnStream.ask(base, { message, mode: "stateless", provider: "chatgpt", session_id: session });
  await seen.seen(3);
  const { status, body } = await request(base, "POST", `/sessions/${session}/turns/${seen.turnId}/cancel`);
  await seen.over;
  const cancelled = status === 200 && body.status === "cancelled" && seen.end?.event === "turn-cancelled";
  return cancelled ? [] : [`cancelling: ${status} ${JSON.stringify(body)}, told ${seen.end?.event}`];
}

/** What is promised while Redis is away. */
async function lossesWhileAway(base: string, name: string): Promise<string[]> {
  const losses: string[] = [];
  const ask = async (mode: string, headers?: Record<string, string>) => {
    const started = performance.now();
    const body = { message: "Hi", mode, provider: "mirror", session_id: `${name}-${mode}` };
    const answer = await request(base, "POST", "/chat", body, headers);
    const ms = performance.now() - started;
    if (ms > ANSWERED_WITHIN_MS) losses.push(`${mode}: answered after ${Math.round(ms)} ms`);
    return answer;
  };
  const [stateless, stateful, keyed] = await Promise.all([
    ask("stateless"),
    ask("stateful"),
    ask("stateless", { "idempotency-key": `key-of-${name}` }),
  ]);
  losses.push(...(await lossesInCancelling(base, name)));
  const { stored, message_count, response } = stateless.body;
  if (stateless.status !== 200 || stored !== false || message_count !== 0 || !response)
    losses.push(`stateless: ${stateless.status} ${JSON.stringify(stateless.body)}`);
  for (const [what, answer] of Object.entries({ stateful, keyed })) {
    if (answer.status !== 503 || answer.retryAfter === null || answer.body.code !== "storage_unavailable")
      losses.push(`${what}: ${answer.status} ${answer.retryAfter} ${JSON.stringify(answer.body)}`);
  }
  return losses;
}

/** Its connections die without a word, and new ones are made. */
export const redisLinkIsLost = ({ rounds, turns }: { rounds: number; turns: number }): Promise<Outcome> =>
  onStage(async (stage) => {
    const link = await Link.to(stage.redis.port);
    try {
      const server = await stage.server({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
      const question = `fake ${JSON.stringify({ words: 60, delayMs: 10 })}`;
      const losses: string[] = [];
      for (let round = 0; round < rounds; round++) {
        const streams = await staggered(server.base, `r${round}`, turns, question, 15);
        link.lose();
        await within(ENDS_WITHIN_MS, Promise.all(streams.map(({ over }) => over)));
        for (const seen of streams) {
          if (seen.end === undefined && seen.status !== 503) losses.push(`no end, status ${seen.status}`);
        }
        losses.push(...(await lossesOfAll(server.base, streams)));
      }
      return { fault: "Redis' connections lost without a word", tries: rounds * turns, losses };
    } finally {
      link.close();
    }
  });
