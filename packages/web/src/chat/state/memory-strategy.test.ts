import { expect, test } from "vitest";
import { recalls, withRecall } from "./memory-strategy.ts";

test("switches recall and leaves the table of contents as it is", () => {
  expect(recalls(undefined)).toBe(true);
  for (const strategy of ["window", "recall"] as const) {
    expect(withRecall(strategy, true)).toBe("recall");
    expect(withRecall(strategy, false)).toBe("window");
  }
  for (const strategy of ["summary", "recall+summary"] as const) {
    expect(withRecall(strategy, true)).toBe("recall+summary");
    expect(withRecall(strategy, false)).toBe("summary");
  }
  expect(withRecall(undefined, false)).toBe("window");
  expect([recalls("recall+summary"), recalls("summary"), recalls("window")]).toEqual([true, false, false]);
});
