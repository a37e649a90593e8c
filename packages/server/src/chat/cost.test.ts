import { expect, test } from "vitest";
import { costOf } from "./cost.ts";

const price = { input: 2, cached_input: 0.5, output: 8, as_of: "2026-11-01" };

test("cached tokens are among the input, at a price of their own", () => {
  expect(costOf(price, 1_000_000, 400_000, 500_000)).toEqual({
    input_usd: 1.4,
    output_usd: 4,
    total_usd: 5.4,
    prices_as_of: "2026-11-01",
  });
});

test("a provider that counts cached tokens beside the input makes no cost negative", () => {
  expect(costOf(price, 10, 1_000_000, 0)).toMatchObject({ input_usd: 0.000005, total_usd: 0.000005 });
});

test("without a price there is no cost", () => {
  expect(costOf(null, 10, 0, 10)).toBeNull();
});
