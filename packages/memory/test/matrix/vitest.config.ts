import { defineConfig } from "vitest/config";

/** The contract suites, and what is tried only on a cluster or with sentinels. */
export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["src/**/*.test.ts", "test/matrix/*.matrix.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
