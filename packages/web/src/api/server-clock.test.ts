import { afterEach, expect, test, vi } from "vitest";
import { noteServerTime, serverNow } from "./server-clock.ts";

afterEach(() => vi.useRealTimers());

test.each([
  ["three hours ahead", "2026-01-01T15:00:00Z"],
  ["thirty hours behind", "2025-12-31T06:00:00Z"],
])("counts by the server's clock if this machine's is %s", (_, local) => {
  vi.useFakeTimers({ now: Date.parse(local) });
  noteServerTime("Thu, 01 Jan 2026 12:00:00 GMT");
  vi.advanceTimersByTime(5_000);
  expect(new Date(serverNow()).toISOString()).toBe("2026-01-01T12:00:05.000Z");
});

test("ignores a difference that the header's resolution explains, and a missing header", () => {
  vi.useFakeTimers({ now: Date.parse("2026-01-01T12:00:01.400Z") });
  noteServerTime("Thu, 01 Jan 2026 12:00:00 GMT");
  noteServerTime(null);
  expect(serverNow()).toBe(Date.now());
});
