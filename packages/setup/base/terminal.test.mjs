import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTerminal, duration, progressText } from "./terminal.mjs";

/** @param {boolean} isTerminal @param {number} [columns] */
function record(isTerminal, columns = 80) {
  let written = "";
  const stream = /** @type {NodeJS.WriteStream} */ (
    /** @type {unknown} */ ({ columns, write: (/** @type {string} */ text) => (written += text) })
  );
  return { terminal: createTerminal({ stream, isTerminal, color: false }), written: () => written };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("in a file, a step is one line when it is done", () => {
  const { terminal, written } = record(false);
  const task = terminal.task("Packages");
  task.progress({ done: 1, total: 2, unit: "packages" });
  task.done("2 installed");
  expect(written()).toBe("✓ Packages   2 installed\n");
});

test("on a terminal, the live line stays below what is printed, and goes without a trace", () => {
  const { terminal, written } = record(true);
  const task = terminal.task("Page");
  task.say("building");
  terminal.line("something");
  task.drop();
  const live = "  Page       building, 0.0 s";
  expect(written()).toBe(`\r\x1b[2K${live}\r\x1b[2Ksomething\n${live}\r\x1b[2K`);
});

test("the live line never wraps", () => {
  const { terminal, written } = record(true, 20);
  const task = terminal.task("Page");
  task.say("a very long text that is wider than the terminal");
  task.drop();
  expect(written()).toContain("\r\x1b[2K  Page       a ver…");
});

test.each([
  [{ done: 41, total: 100, unit: "packages" }, true, "[████████────────────] 41 of 100 packages"],
  [{ done: 41, total: 100, unit: "packages" }, false, "41 of 100 packages"],
  [{ done: 1_600_000, total: 491_400_064, unit: "bytes" }, false, "1.6 of 491 MB (0 %)"],
  [
    { done: 491_400_064, total: 491_400_064, unit: "bytes" },
    true,
    "[████████████████████] 491 of 491 MB (100 %)",
  ],
  [{ done: 5, total: 0, unit: "packages" }, true, "[────────────────────] 5 of 0 packages"],
  [{ done: 5, total: 4, unit: "packages" }, true, "[████████████████████] 5 of 4 packages"],
])("%j, bar %s", (progress, bar, text) => {
  expect(progressText(progress, bar)).toBe(text);
});

test.each([
  [0, "0.0 s"],
  [1_250, "1.3 s"],
  [59_400, "59 s"],
  [125_000, "2 min 5 s"],
])("%i ms", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
