import type { Price, ProviderStatus } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { costAt, pricedModels, priceOf } from "./pricing.ts";
import { totalsOf, turnsOf } from "./session-totals.ts";
import { newMessage, type ShownMessage, type TurnInfo } from "./shown-message.ts";

const price: Price = { input: 2, cached_input: 0.2, output: 10 };
const free: Price = { input: 0, cached_input: 0, output: 0 };
const providers = [
  {
    id: "chatgpt",
    models: [
      { id: "dear", context_window: 1, price },
      { id: "cheap", context_window: 1, price: { input: 1, cached_input: 0.1, output: 4 } },
      { id: "unknown", context_window: 1, price: null },
    ],
  },
  { id: "ollama", models: [{ id: "local", context_window: 1, price: free }] },
] as unknown as ProviderStatus[];

test("charges less for cached tokens", () => {
  expect(costAt(price, { sent: 1_000_000, cached: 0, output: 0 })).toBe(2);
  expect(costAt(price, { sent: 1_000_000, cached: 500_000, output: 100_000 })).toBeCloseTo(1 + 0.1 + 1);
});

test("lists models with a price, the cheapest first", () => {
  expect(pricedModels(providers).map(({ id }) => id)).toEqual(["cheap", "dear"]);
  expect(priceOf(providers, "chatgpt", "dear")).toBe(price);
  expect(priceOf(providers, "chatgpt", "unknown")).toBeNull();
  expect(priceOf(providers, "ollama", "dear")).toBeNull();
});

const message = (id: string, sent: number): ShownMessage => {
  const turn: TurnInfo = {
    id,
    mode: "stateful",
    provider: "chatgpt",
    model: "dear",
    status: "completed",
    tokens: { sent, cached: 0, output: 10 },
  };
  return { ...newMessage(id + sent, "user"), id, turn, delivery: "stored" };
};

test("counts each turn once, or turns that were added up", () => {
  const messages = [message("a", 100), message("a", 100), message("b", 300)];
  const totals = totalsOf(turnsOf(messages), () => price);
  expect(totals).toMatchObject({ turns: 2, sent: 400, cached: 0, output: 20 });
  expect(totals.usd).toBeCloseTo((400 * 2 + 20 * 10) / 1e6);
  expect(totalsOf(turnsOf(messages), () => null).usd).toBeNull();
  const added = {
    provider: "chatgpt",
    model: "dear",
    turns: 3,
    tokens: { sent: 700, cached: 0, output: 30 },
  } as const;
  expect(totalsOf([added, ...turnsOf(messages)], () => price)).toMatchObject({
    turns: 5,
    sent: 1100,
    output: 50,
  });
  expect(totalsOf([], () => price)).toEqual({ turns: 0, sent: 0, cached: 0, output: 0, usd: 0 });
});
