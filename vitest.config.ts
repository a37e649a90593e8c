import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "scripts/**/*.test.mjs",
      "packages/setup/base/*.test.mjs",
      "bench/**/*.test.ts",
      "deploy/**/*.test.ts",
      "docs/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    // Most of them wait for sockets and processes, not for a core: twice as many at a time as two cores.
    maxWorkers: 4,
    // Nothing here may hang. The limits are for a machine that is busy with other things: nothing asserts a time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
