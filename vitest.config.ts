import { globSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const ALL = [
  "packages/*/src/**/*.test.ts",
  "packages/*/test/**/*.test.ts",
  "scripts/**/*.test.mjs",
  "packages/setup/base/*.test.mjs",
  "bench/**/*.test.ts",
  "deploy/**/*.test.ts",
  "docs/**/*.test.ts",
  "test/**/*.test.ts",
];

// They count all timers of their process: what another file has left open, such as a kept connection, would be among them.
const COUNTING_TIMERS = globSync(ALL).filter((file) =>
  readFileSync(file, "utf8").includes(".getTimerCount("),
);

export default defineConfig({
  test: {
    projects: [
      // The files that a worker runs share what they import: to import it again for each took longer than to run the
      // tests. So a test that changes a module's state puts it back, and none replaces a module with `vi.mock`.
      { extends: true, test: { name: "shared", include: ALL, exclude: COUNTING_TIMERS, isolate: false } },
      { extends: true, test: { name: "isolated", include: COUNTING_TIMERS } },
    ],
    // What a test replaces is put back after it.
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    // Most of them wait for sockets and processes, not for a core: twice as many at a time as two cores.
    maxWorkers: 4,
    // Nothing here may hang. The limits are for a machine that is busy with other things: nothing asserts a time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
