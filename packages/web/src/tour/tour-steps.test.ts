import { expect, test } from "vitest";
import { TOUR } from "./tour-steps.ts";

test("the original's four scenarios and the full window, in their order", () => {
  expect([...new Set(TOUR.map(({ scenario }) => scenario))]).toEqual([
    "Without memory",
    "With memory",
    "Another provider, the same memory",
    "Memory switched on later",
    "A full window forgets",
  ]);
  expect(TOUR[0]?.isFirst).toBe(true);
});

test("every message can be sent", () => {
  for (const { message } of TOUR) expect(message.length).toBeLessThanOrEqual(2000);
});
