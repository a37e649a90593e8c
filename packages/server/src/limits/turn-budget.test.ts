import { expect, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { estimateTokens, TurnBudget } from "./turn-budget.ts";
import { TurnSlots } from "./turn-slots.ts";
import { UsageCounter } from "./usage-counter.ts";
import { UsageLimits } from "./usage-limits.ts";

const QUOTA = 5000;
const WORD = "word ";
const tokens = (count: number) => "abc".repeat(count);

async function start() {
  const { redis, name, config, command } = await startTestServer({
    env: { AUTH: "keys", LIMIT_TOKENS_PER_DAY: String(QUOTA) },
  });
  const counter = new UsageCounter(redis.client, name);
  const limits = new UsageLimits(config.limits, counter, new TurnSlots(redis.client, name));
  const accounts = [limits.ownerAccount({ owner: "alice", group: null, via: "key" })];
  const key = `${name}:limits:tokens:owner:alice`;
  return {
    reserve: async (output: number) => {
      const budget = new TurnBudget({ limits, accounts, price: null });
      await budget.reserve(0, output);
      return budget;
    },
    taken: async () => Number(await command("GET", key)),
    endWindow: () => command("DEL", key),
  };
}

test("grants turns that write at once the day's tokens to the last step, and not one more", async () => {
  const { reserve, taken } = await start();
  const granted: number[] = [];
  const written = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const budget = await reserve(50);
      await budget.sent(10);
      let words = 0;
      while (!budget.exhausted.aborted) {
        words++;
        // Writes no faster than it is granted: the overshoot while Redis is asked depends on the provider.
        await budget.wrote(WORD);
        granted.push(await taken());
      }
      return 10 + estimateTokens(WORD) * words;
    }),
  );
  expect(Math.max(...granted)).toBeLessThanOrEqual(QUOTA);
  // The last word of each turn was refused.
  const sum = written.reduce((a, b) => a + b, 0);
  expect(sum).toBeLessThanOrEqual(QUOTA + 10 * estimateTokens(WORD));
  // No turn was refused while a step was left: 100 tokens, and the part of a word that exceeds the last one.
  expect(sum).toBeGreaterThan(QUOTA - 102);
});

test("reserves more output before it is needed, and writes what is reserved where more is refused", async () => {
  const { reserve, taken } = await start();
  const short = await reserve(100);
  await short.sent(0);
  await short.wrote(tokens(50));
  expect(await taken()).toBe(100);
  await short.wrote(tokens(1));
  expect(await taken()).toBe(151);
  const long = await reserve(QUOTA - 151);
  await long.sent(0);
  await long.wrote(tokens(QUOTA - 151));
  expect(long.exhausted.aborted).toBe(false);
  await long.wrote(tokens(1));
  expect(long.exhausted.aborted).toBe(true);
  expect(await taken()).toBe(QUOTA);
});

test("does not give back to a day what was taken on the day before", async () => {
  const { reserve, taken, endWindow } = await start();
  const yesterday = await reserve(QUOTA);
  await endWindow();
  yesterday.settle(0, 0, 0);
  await reserve(100);
  const today = await reserve(QUOTA - 100);
  await expect(reserve(1)).rejects.toMatchObject({ code: "allowance_used" });
  today.settle(0, 0, 0);
  await expect.poll(taken).toBe(100);
});
