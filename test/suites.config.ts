// The suites that take too long for `npm test`, each behind `npm run test:NAME`. Vitest's own options work:
// `npm run test:faults -- -t Redis` runs the tests with "Redis" in their names.
import { relative } from "node:path";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { dockerVersions } from "../deploy/test/docker/docker-versions.ts";
import { SECURITY_TESTS } from "../packages/server/test/security/unit-tests.ts";
import { type SuiteTable, suitesOf, TableReporter } from "./table-reporter.ts";

const MINUTE = 60_000;

interface Suite extends SuiteTable {
  readonly include: string[];
  readonly options?: TestProjectInlineConfiguration["test"];
}

const SUITES: Readonly<Record<string, Suite>> = {
  durability: {
    title: "Durability: Redis and writers killed",
    include: ["packages/memory/test/durability/*.test.ts"],
  },
  matrix: {
    title: "The memory library on every server and client",
    include: [
      "packages/memory/src/{history/message-history,archive/session-archive,redis/subscriptions,turns/turns}.test.ts",
      "packages/memory/src/adapters/langgraph/{saver,store}.test.ts",
      "packages/memory/test/matrix/*.suite.ts",
    ],
    // Such as "Turns with Redis 7.0.15, one server, ioredis".
    groupOf: (test) => suitesOf(test)[0]?.name.split(" with ")[1],
    options: { globalSetup: "packages/memory/test/matrix/start-targets.ts", fileParallelism: true },
  },
  package: {
    title: "The packed library in an empty project",
    include: ["packages/memory/test/package/*.suite.ts"],
  },
  faults: {
    title: "Faults in the middle of turns",
    include: ["packages/server/test/faults/faults.{test,suite}.ts", "packages/memory/test/faults/*.suite.ts"],
  },
  cluster: {
    title: "Two servers under load on a Cluster and behind Sentinels",
    include: ["packages/server/test/cluster/*.suite.ts"],
  },
  security: {
    title: "Attacks",
    include: ["packages/server/test/security/*.suite.ts", ...Object.keys(SECURITY_TESTS)],
    groupOf: ({ module }) => SECURITY_TESTS[relative(process.cwd(), module.moduleId)],
    options: { globalSetup: "test/start-redis.ts" },
  },
  docker: {
    title: "Docker chapters",
    include: ["deploy/test/docker/**/*.suite.ts"],
    software: dockerVersions,
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
    expect: { poll: { timeout: 15_000 } },
    provide: { thorough: true },
    projects: Object.entries(SUITES).map(([name, { include, options }]) => ({
      extends: true,
      test: { name, include, ...options },
    })),
  },
});
