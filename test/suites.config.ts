// The suites that take too long for `npm test`, each behind `npm run test:NAME`. Vitest's own options work:
// `npm run test:faults -- -t Redis` runs the tests with "Redis" in their names.
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { type SuiteTable, TableReporter } from "./table-reporter.ts";

const MINUTE = 60_000;

interface Suite extends SuiteTable {
  readonly include: string[];
  readonly options?: TestProjectInlineConfiguration["test"];
}

const SUITES: Readonly<Record<string, Suite>> = {
  durability: {
    title: "Durability of the memory library",
    include: ["packages/memory/test/durability/*.test.ts"],
  },
  docker: {
    title: "The product in containers",
    include: ["deploy/test/docker/**/*.suite.ts"],
    options: { testTimeout: 20 * MINUTE },
  },
};

export default defineConfig({
  test: {
    reporters: ["verbose", new TableReporter(SUITES)],
    // Each test measures one fault or attack, not the load of several at once.
    fileParallelism: false,
    maxConcurrency: 1,
    testTimeout: 10 * MINUTE,
    hookTimeout: 5 * MINUTE,
    provide: { thorough: true },
    projects: Object.entries(SUITES).map(([name, { include, options }]) => ({
      extends: true,
      test: { name, include, ...options },
    })),
  },
});
