import { expect, test } from "vitest";
import { AppError } from "../errors/app-error.ts";
import type { ChatModel } from "./chat-model.ts";
import { MESSAGE_OVERHEAD, TokenCounter } from "./token-counter.ts";

const NUMBERS = Array.from({ length: 100 }, (_, n) => 100 + n).join(", ");
const PROSE = "The river rises in the mountains and flows through many countries. ".repeat(20);
const estimated = { id: "ollama" } as ChatModel;

const estimate = async (counter: TokenCounter, text: string): Promise<number> =>
  (await counter.count(estimated, "m", [text]))[0] ?? 0;

/** A turn with this text that the provider reports to have read so many tokens of. */
const learn = (counter: TokenCounter, text: string, read: number): void =>
  counter.learn(estimated, "m", counter.describe(estimated, [text]), read);

test.each([0.6, 1.8])("an estimate comes to what is read (%d times)", async (ratio) => {
  const counter = new TokenCounter();
  const read = (await estimate(counter, NUMBERS)) * ratio;
  for (let turn = 0; turn < 12; turn++) learn(counter, NUMBERS, read);
  expect((await estimate(counter, NUMBERS)) / read).toBeCloseTo(1, 1);
});

test("numbers teach little about prose, and prose corrects what was learnt too much", async () => {
  const counter = new TokenCounter();
  const [numbers, prose] = [await estimate(counter, NUMBERS), await estimate(counter, PROSE)];
  for (let turn = 0; turn < 12; turn++) learn(counter, NUMBERS, numbers * 2);
  expect((await estimate(counter, PROSE)) / prose).toBeLessThan(1.1);
  for (let turn = 0; turn < 12; turn++) learn(counter, PROSE, prose);
  expect((await estimate(counter, PROSE)) / prose).toBeCloseTo(1, 1);
});

test("no report makes an estimate more than three times what it was", async () => {
  const counter = new TokenCounter();
  const before = await estimate(counter, PROSE);
  for (let turn = 0; turn < 100; turn++) learn(counter, PROSE, before * 100);
  expect((await estimate(counter, PROSE)) / before).toBeLessThanOrEqual(3.1);
  for (let turn = 0; turn < 100; turn++) learn(counter, PROSE, 1);
  expect((await estimate(counter, PROSE)) / before).toBeGreaterThanOrEqual(0.3);
});

test("a server that does not count now gets an estimate", async () => {
  const counter = new TokenCounter();
  const away = {
    id: "ollama",
    countTokens: async () => {
      throw new AppError("provider_unavailable", "It is away.");
    },
  } as unknown as ChatModel;
  expect(await counter.count(away, "m", [PROSE])).toEqual([await estimate(counter, PROSE)]);
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

test("a model counts with what it has itself", async () => {
  class Model {
    readonly id = "embedded";
    readonly #tokens = 7;
    countTokens(_: string, texts: readonly string[]): number[] {
      return texts.map(() => this.#tokens);
    }
  }
  const model = new Model() as unknown as ChatModel;
  expect(await new TokenCounter().count(model, "m", ["one"])).toEqual([7 + MESSAGE_OVERHEAD]);
});

test("a prompt is described alike if the beginning of a text was counted alone", () => {
  const counter = new TokenCounter();
  const block = "> [2026-11-28 07:15] User: I was born in 1990\t";
  const texts = [PROSE, `${block}\n\n  1990 or 1991?`];
  expect(counter.describe(estimated, texts, [block])).toEqual(counter.describe(estimated, texts));
});
