import type { Price } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import type { TurnInfo } from "../chat/turn-info.ts";
import { OutputEstimates } from "./output-estimates.ts";
import { admitTurn } from "./turn-permit.ts";
import type { Account, UsageLimits } from "./usage-limits.ts";
import { limitsWithoutRedis } from "./without-redis.fixture.ts";

const info: TurnInfo = { mode: "stateful", provider: "chatgpt", model: "gpt" };
const price: Price = { input: 1, cached_input: 0.5, output: 10 };
// As three bytes count as a token.
const text = (tokens: number): string => "abc".repeat(tokens);
const ended = (counted: number, reported: number | null, output: number | null): TurnInfo => ({
  ...info,
  tokens: { counted, reported, cached: null, output },
});

function start(allowances: Parameters<ReturnType<typeof limitsWithoutRedis>["account"]>[0]) {
  const { limits, account } = limitsWithoutRedis();
  const accounts = [account(allowances)];
  const estimates = new OutputEstimates();
  const admit = (content = "", priced: Price | null = price) =>
    admitTurn(limits, accounts, estimates, { info, content, price: priced });
  return { limits, accounts, admit };
}

/** What is left of the day's tokens. */
async function left(limits: UsageLimits, accounts: readonly Account[], quota: number): Promise<number> {
  for (let tokens = quota; tokens > 0; tokens--) {
    const taken = await limits.take(accounts, { tokens }).then(
      () => true,
      () => false,
    );
    if (!taken) continue;
    limits.adjust(accounts, { tokens: -tokens });
    return tokens;
  }
  return 0;
}

test("reserves the input and a usual answer, and counts what was used in their place", async () => {
  const { limits, accounts, admit } = start({ tokensPerDay: 1000 });
  const permit = await admit(text(100));
  expect(await left(limits, accounts, 1000)).toBe(600);
  await permit.sent(150);
  expect(await left(limits, accounts, 1000)).toBe(550);
  permit.settle(ended(150, 140, 20));
  await expect.poll(() => left(limits, accounts, 1000)).toBe(840);
});

test("counts what was written if the provider reports nothing", async () => {
  const { limits, accounts, admit } = start({ tokensPerDay: 1000 });
  const permit = await admit();
  await permit.sent(100);
  permit.wrote(text(30));
  permit.settle(ended(100, null, null));
  await expect.poll(() => left(limits, accounts, 1000)).toBe(870);
});

test("gives everything back if the turn did not begin, or the model was not called", async () => {
  const { limits, accounts, admit } = start({ tokensPerDay: 1000 });
  (await admit()).settle();
  (await admit()).settle(ended(50, null, null));
  await expect.poll(() => left(limits, accounts, 1000)).toBe(1000);
});

test("refuses a turn that needs more than is left, and keeps nothing of it", async () => {
  const { limits, accounts, admit } = start({ tokensPerDay: 350, streams: 1 });
  await expect(admit(text(100))).rejects.toMatchObject({ code: "allowance_used" });
  await expect.poll(() => left(limits, accounts, 350)).toBe(350);
  (await admit()).settle();
});

test("refuses a model without a price where money is limited", async () => {
  const { admit } = start({ usdPerDay: 1 });
  await expect(admit("", null)).rejects.toMatchObject({
    code: "invalid_request",
    errors: [{ field: "model" }],
  });
});

test("learns how long a model's answers are", async () => {
  const { limits, accounts, admit } = start({ tokensPerDay: 1000 });
  const first = await admit();
  await first.sent(0);
  first.settle(ended(0, 0, 50));
  await expect.poll(() => left(limits, accounts, 1000)).toBe(950);
  const second = await admit();
  expect(await left(limits, accounts, 1000)).toBe(900);
  second.settle();
});

test("frees the slot when the turn is settled", async () => {
  const { admit } = start({ streams: 1 });
  const permit = await admit();
  await expect(admit()).rejects.toMatchObject({ code: "too_many_streams" });
  permit.settle();
  (await admit()).settle();
});

test("says when the budget is exhausted, with the limit that was reached", async () => {
  const { admit } = start({ tokensPerDay: 320 });
  const permit = await admit();
  await permit.sent(0);
  permit.wrote(text(320));
  const { exhausted } = permit;
  await expect.poll(() => exhausted?.aborted).toBe(true);
  expect(exhausted?.reason).toMatchObject({ code: "allowance_used", limit: { policy: "tokens" } });
});
