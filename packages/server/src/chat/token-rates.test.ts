import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { addText, newComposition } from "./text-composition.ts";
import { initialRates, tokensOf } from "./token-rates.ts";

interface CountedText {
  readonly kind: string;
  readonly text: string;
  /** By the tokenizers of these models, without special tokens. The rates were fitted to other texts. */
  readonly tokens: Readonly<Record<string, number>>;
}
const COUNTED = JSON.parse(
  readFileSync(new URL("token-counts.fixture.json", import.meta.url), "utf8"),
) as readonly CountedText[];

describe.each(COUNTED)("an estimate of $kind", ({ text, tokens }) => {
  test.each(Object.entries(tokens))("is within 15 %% of what %s reads", (model, count) => {
    const composition = newComposition();
    addText(composition, text);
    const estimate = tokensOf(composition, initialRates(model));
    expect(Math.abs(estimate / count - 1)).toBeLessThanOrEqual(0.15);
  });
});

test("an unknown model is estimated like Llama 3", () => {
  expect(initialRates("something:1b")).toEqual(initialRates("llama3.2:3b"));
});
