import { expect, onTestFinished, test, vi } from "vitest";
import { releaseMemoryWhenIdle } from "./release-memory-when-idle.ts";

const SMALLER = 20_000_000;

/** Makes the heap larger by objects that are not in use any more. Returns its size. */
function growHeap(): number {
  const objects = Array.from({ length: 500_000 }, (_, n) => ({ n }));
  expect(objects).toHaveLength(500_000);
  return process.memoryUsage().heapTotal;
}

test("waits until no turn runs, and then releases memory once", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const isIdle = vi.fn(() => isIdle.mock.calls.length > 3);
  const before = growHeap();
  releaseMemoryWhenIdle(isIdle);
  vi.advanceTimersByTime(6_000);
  expect(isIdle).toHaveBeenCalledTimes(3);
  expect(process.memoryUsage().heapTotal).toBeGreaterThan(before - SMALLER);
  vi.advanceTimersByTime(2_000);
  expect(process.memoryUsage().heapTotal).toBeLessThan(before - SMALLER);
  vi.advanceTimersByTime(60_000);
  expect(isIdle).toHaveBeenCalledTimes(4);
});
