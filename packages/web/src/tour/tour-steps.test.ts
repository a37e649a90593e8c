import { expect, test } from "vitest";
import { stepTexts, TOUR } from "./tour-steps.ts";

test("has the scenarios in order, and a full window before recall", () => {
  expect([...new Set(TOUR.map(({ scenario }) => scenario))]).toEqual([
    "without",
    "with",
    "other",
    "later",
    "fullWindow",
    "recall",
  ]);
  expect(TOUR[0]?.isFirst).toBe(true);
});

test("has messages that can be sent", () => {
  for (const { message } of TOUR.map(stepTexts)) expect(message.length).toBeLessThanOrEqual(2000);
});
