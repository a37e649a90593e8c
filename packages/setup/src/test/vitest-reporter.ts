import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** What a run of Vitest came to. Its own JSON has no reasons for skipped tests. */
export interface Results {
  passed: number;
  failed: string[];
  skipped: { name: string; reason: string }[];
}

/** Writes `Results` to the file that TEST_RESULTS_FILE names. */
class ResultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const results: Results = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      if (module.errors().length > 0) results.failed.push(`${file} (could not be run)`);
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0)
          results.failed.push(`${file} > ${suite.fullName} (its set-up or tear-down)`);
      }
      for (const test of module.children.allTests()) addTest(results, test, `${file} > ${test.fullName}`);
    }
    if (unhandledErrors.length > 0)
      results.failed.push(`errors outside of any test: ${unhandledErrors.length}`);
    writeFileSync(process.env.TEST_RESULTS_FILE ?? "test-results.json", JSON.stringify(results));
  }
}

function addTest(results: Results, test: TestCase, name: string): void {
  const result = test.result();
  if (result.state === "passed") results.passed++;
  else if (result.state === "failed") results.failed.push(name);
  else if (result.state === "pending") results.failed.push(`${name} (did not end)`);
  else results.skipped.push({ name, reason: result.note ?? defaultReason(test) });
}

const defaultReason = (test: TestCase): string =>
  test.options.mode === "todo" ? "still to be written" : "its file skips it here";

// biome-ignore lint/style/noDefaultExport: Vitest takes a reporter from a file's default export.
export default ResultsReporter;
