import { expect, test } from "vitest";
import { TOUR } from "./tour-steps.ts";

test("has the four scenarios and the full window, in order", () => {
  expect([...new Set(TOUR.map(({ scenario }) => scenario))]).toEqual([
    "Without memory",
    "With memory",
    "Another provider, the same memory",
    "Memory switched on later",
    "A full window forgets",
  ]);
  expect(TOUR[0]?.isFirst).toBe(true);
});

test("has messages that can be sent", () => {
  for (const { message } of TOUR) expect(message.length).toBeLessThanOrEqual(2000);
});
