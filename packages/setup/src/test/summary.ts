import type { Results } from "./vitest-reporter.ts";

/** Returns the last lines of the run: what was not run, what failed, and the counts. */
export function summarize(results: readonly Results[]): { lines: string[]; exitCode: number } {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.flatMap((result) => result.failed);
  const skipped = results.flatMap((result) => result.skipped);
  const counts = [`${passed} passed`, `${failed.length} failed`];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  const lines = [
    ...(skipped.length > 0
      ? ["Skipped:", ...skipped.map(({ name, reason }) => `  - ${name}: ${reason}`), ""]
      : []),
    ...(failed.length > 0 ? ["Failed:", ...failed.map((name) => `  - ${name}`), ""] : []),
    counts.join(", "),
  ];
  return { lines, exitCode: failed.length > 0 || passed === 0 ? 1 : 0 };
}
