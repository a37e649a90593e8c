import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks until it is so, at most so long.
 * @returns the seconds that it took
 */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  deadlineMs: number,
  everyMs = 250,
): Promise<number> {
  const started = performance.now();
  while (!(await isSo().catch(() => false))) {
    if (performance.now() - started > deadlineMs)
      throw new Error(`not within ${deadlineMs / 1000} s: ${what}`);
    await sleep(everyMs);
  }
  return (performance.now() - started) / 1000;
}

export const excerpt = (text: string): string => {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > 300 ? `…${line.slice(-300)}` : line;
};
