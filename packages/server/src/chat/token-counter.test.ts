import { expect, test } from "vitest";
import type { ChatModel } from "./chat-model.ts";
import { estimateTokens, MESSAGE_OVERHEAD, TokenCounter } from "./token-counter.ts";

const TEXT = "x".repeat(4000);
const ESTIMATE = estimateTokens(TEXT) + MESSAGE_OVERHEAD;

const estimated = { id: "ollama" } as ChatModel;

/** Turns that a model answers at once, each reported to have read so many times what was counted. */
async function learnAtOnce(counter: TokenCounter, turns: number, ratio: number): Promise<void> {
  const asked = Array.from({ length: turns }, async () => {
    const [counted = 0] = await counter.count(estimated, "m", [TEXT]);
    return { counted, factor: counter.factorOf(estimated, "m") };
  });
  for (const { counted, factor } of await Promise.all(asked)) {
    counter.learn(estimated, "m", { counted, factor, read: ESTIMATE * ratio });
  }
}

test.each([0.7, 1.5])(
  "an estimate comes to what is read (%d times), however many turns run at once",
  async (ratio) => {
    const counter = new TokenCounter();
    for (let round = 0; round < 10; round++) {
      await learnAtOnce(counter, 32, ratio);
      const [counted = 0] = await counter.count(estimated, "m", [TEXT]);
      expect(counted / ESTIMATE).toBeCloseTo(ratio, 1);
    }
  },
);

test("no report makes an estimate more than twice or less than half of what it was", async () => {
  const counter = new TokenCounter();
  for (const [ratio, bound] of [
    [100, 2],
    [0, 0.5],
  ] as const) {
    for (let round = 0; round < 20; round++) await learnAtOnce(counter, 4, ratio);
    const [counted = 0] = await counter.count(estimated, "m", [TEXT]);
    expect(counted / ESTIMATE).toBeCloseTo(bound, 1);
  }
});

test("the same text is counted once, for each model", async () => {
  const counter = new TokenCounter();
  const asked: string[] = [];
  const model = {
    id: "chatgpt",
    countTokens: (name: string, texts: readonly string[]) =>
      texts.map((text) => asked.push(`${name} ${text}`) && 7),
  } as unknown as ChatModel;
  for (const name of ["a", "b", "a"]) {
    expect(await counter.count(model, name, ["one", "two"])).toEqual([
      7 + MESSAGE_OVERHEAD,
      7 + MESSAGE_OVERHEAD,
    ]);
  }
  await counter.count(model, "a", ["two", "three"]);
  expect(asked).toEqual(["a one", "a two", "b one", "b two", "a three"]);
});
