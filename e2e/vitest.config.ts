import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.test.ts"],
    setupFiles: ["e2e/matchers.ts", "e2e/close-pages.ts"],
    testTimeout: 300_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Each file has a server and a browser of its own; more at once than cores would only wait for each other.
    maxWorkers: 2,
  },
});
