import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { Limits } from "../limits/limits.ts";
import { spending, TurnAllowance, tokensIn } from "../limits/turn-allowance.ts";
import { RedisMeters } from "./redis-meters.ts";

const QUOTA = 5000;
const WORD = "word ";
const ALICE = { owner: "alice", group: null, via: "key" } as const;

async function start() {
  const { redis, name, config, command } = await startTestServer({
    env: { AUTH: "keys", LIMIT_TOKENS_PER_DAY: String(QUOTA) },
  });
  const limits = new Limits(config.limits, new RedisMeters(redis.client, name));
  const key = `${name}:limits:tokens:owner:alice`;
  return {
    limits,
    accounts: [limits.ownerAccount(ALICE)],
    taken: async () => Number(await command("GET", key)),
    endWindow: () => command("DEL", key),
  };
}

test("turns that write at once are granted the day's tokens to the last step, and never one more", async () => {
  const { limits, accounts, taken } = await start();
  const granted: number[] = [];
  const written = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const allowance = new TurnAllowance(await limits.reserve(accounts, spending(null, 0, 0, 50)), null, 50);
      await allowance.send(10);
      let words = 0;
      while (!allowance.usedUp.aborted) {
        words++;
        // Written no faster than it is granted: what comes while Redis is asked is the provider's to say.
        await allowance.wrote(WORD);
        granted.push(await taken());
      }
      return 10 + tokensIn(WORD) * words;
    }),
  );
  expect(Math.max(...granted)).toBeLessThanOrEqual(QUOTA);
  // The last word of each was refused.
  const sum = written.reduce((a, b) => a + b, 0);
  expect(sum).toBeLessThanOrEqual(QUOTA + 10 * tokensIn(WORD));
  // And none was refused while a step was left, of 100 tokens and what a word is over the last one.
  expect(sum).toBeGreaterThan(QUOTA - 102);
});

test("an answer asks for more before it needs it, and where that is refused writes what it has", async () => {
  const { limits, accounts, taken } = await start();
  const tokens = (count: number) => "abc".repeat(count);
  const writing = async (expected: number) => {
    const reservation = await limits.reserve(accounts, spending(null, 0, 0, expected));
    const allowance = new TurnAllowance(reservation, null, expected);
    await allowance.send(0);
    return allowance;
  };
  const short = await writing(100);
  await short.wrote(tokens(50));
  expect(await taken()).toBe(100);
  await short.wrote(tokens(1));
  expect(await taken()).toBe(151);
  const long = await writing(QUOTA - 151);
  await long.wrote(tokens(QUOTA - 151));
  expect(long.usedUp.aborted).toBe(false);
  await long.wrote(tokens(1));
  expect(long.usedUp.aborted).toBe(true);
  expect(await taken()).toBe(QUOTA);
});

test("what was taken on one day is not given back on the next", async () => {
  const { limits, accounts, taken, endWindow } = await start();
  const yesterday = await limits.reserve(accounts, { tokens: QUOTA, usd: 0 });
  await endWindow();
  yesterday.settle({ tokens: 0, usd: 0 });
  await limits.reserve(accounts, { tokens: 100, usd: 0 });
  const today = await limits.reserve(accounts, { tokens: QUOTA - 100, usd: 0 });
  await expect(limits.reserve(accounts, { tokens: 1, usd: 0 })).rejects.toMatchObject({
    code: "allowance_used",
  });
  today.settle({ tokens: 0, usd: 0 });
  await expect.poll(taken).toBe(100);
});
