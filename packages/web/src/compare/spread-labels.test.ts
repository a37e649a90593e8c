import { expect, test } from "vitest";
import { spreadLabels } from "./spread-labels.ts";

test("leaves labels where they do not overlap, and moves others down", () => {
  expect(spreadLabels([10, 50], 12)).toEqual([10, 50]);
  expect(spreadLabels([50, 10, 12], 12)).toEqual([50, 10, 22]);
  expect(spreadLabels([10, 10, 10], 12)).toEqual([10, 22, 34]);
  expect(spreadLabels([], 12)).toEqual([]);
});
