import { expect, test } from "vitest";
import { summarize } from "./summary.ts";

const PASSED = { passed: 2, failed: [], skipped: [] };

test("all passed", () => {
  expect(summarize([PASSED, PASSED])).toEqual({ lines: ["4 passed, 0 failed"], exitCode: 0 });
});

test("what was skipped is named with its reason, and counted", () => {
  const skipped = [{ name: "a.test.ts > with a model", reason: "no model could be had" }];
  expect(summarize([PASSED, { ...PASSED, skipped }])).toEqual({
    lines: [
      "Skipped:",
      "  - a.test.ts > with a model: no model could be had",
      "",
      "4 passed, 0 failed, 1 skipped",
    ],
    exitCode: 0,
  });
});

test("what failed is named, and decides", () => {
  const { lines, exitCode } = summarize([PASSED, { ...PASSED, failed: ["types"] }]);
  expect(lines).toEqual(["Failed:", "  - types", "", "4 passed, 1 failed"]);
  expect(exitCode).toBe(1);
});

test("nothing run is no success", () => {
  expect(summarize([])).toEqual({ lines: ["0 passed, 0 failed"], exitCode: 1 });
});
