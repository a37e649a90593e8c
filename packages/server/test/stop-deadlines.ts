import { onTestFinished, vi } from "vitest";

/**
 * Has no `setTimeout` end for the rest of a test: a turn goes on without what it has not read within a second, and a
 * machine with other work can need longer.
 */
export function stopDeadlines(): void {
  if (vi.isFakeTimers()) return;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}
