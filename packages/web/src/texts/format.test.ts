import { expect, test } from "vitest";
import {
  formatBytes,
  formatClock,
  formatCost,
  formatCount,
  formatDuration,
  formatTimeSpan,
  plural,
} from "./format.ts";

test("formats counts", () => {
  expect(formatCount(4096)).toBe("4,096");
  expect(plural(1, "message")).toBe("1 message");
  expect(plural(0, "token")).toBe("0 tokens");
  expect(plural(2000, "token")).toBe("2,000 tokens");
});

test("formats costs with two significant digits, down to what can be read", () => {
  expect(formatCost(0)).toBe("$0");
  expect(formatCost(0.000_37)).toBe("$0.00037");
  expect(formatCost(0.000_4)).toBe("$0.0004");
  expect(formatCost(0.000_006_7)).toBe("< $0.0001");
  expect(formatCost(0.123_4)).toBe("$0.12");
  expect(formatCost(0.999)).toBe("$1.00");
  expect(formatCost(12.3)).toBe("$12.30");
});

test("formats durations", () => {
  expect(formatDuration(0)).toBe("0 ms");
  expect(formatDuration(94.6)).toBe("95 ms");
  expect(formatDuration(95)).toBe("0.1 s");
  expect(formatDuration(400)).toBe("0.4 s");
  expect(formatDuration(9_949)).toBe("9.9 s");
  expect(formatDuration(9_960)).toBe("10 s");
  expect(formatDuration(125_000)).toBe("2 min 5 s");
});

test("formats bytes", () => {
  expect(formatBytes(0)).toBe("0 B");
  expect(formatBytes(999)).toBe("999 B");
  expect(formatBytes(1_400)).toBe("1.4 kB");
  expect(formatBytes(491_400_064)).toBe("491 MB");
  expect(formatBytes(999_999)).toBe("1.0 MB");
});

test("formats the time ", () => {
  expect(formatClock(59 * 60 + 12)).toBe("59:12");
  expect(formatClock(65)).toBe("1:05");
  expect(formatClock(9)).toBe("0:09");
  expect(formatClock(3723)).toBe("1:02:03");
  expect(formatClock(6 * 86_400)).toBe("6 days");
  expect(formatTimeSpan(50)).toBe("50 s");
  expect(formatTimeSpan(59 * 60 + 59)).toBe("59 min");
  expect(formatTimeSpan(3 * 3600)).toBe("3 h");
  expect(formatTimeSpan(604_800)).toBe("7 days");
});
