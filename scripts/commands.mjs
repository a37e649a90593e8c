/**
 * What `npm run NAME` runs, and what that needs besides a fitting Node.js and the packages.
 * @typedef {object} Command
 * @property {string[]} files what Node.js runs, one after the other; none: the command is part of packages/setup
 * @property {string[]} [args] what each file is given before the command's own arguments
 * @property {string} [withoutArguments] it takes none; what to do instead of giving it some
 * @property {"product" | "server"} [redis] `product`: the one that `npm start` uses, in REDIS_URL when the environment
 *   does not name it; `server`: a binary to start servers of its own from, in TEST_REDIS_SERVER
 * @property {boolean} [anyRedis] it runs even when that Redis cannot be used
 * @property {boolean} [page] the page, built
 * @property {boolean} [chromium] a browser, in CHROMIUM_PATH
 */

/** @type {(name: string) => Command} */
const ofServer = (name) => ({
  files: ["packages/server/src/commands/run.ts"],
  args: [name],
  redis: "product",
});
/** @type {(...files: string[]) => Command} */
const withServers = (...files) => ({ files, redis: "server" });
/** A project of `test/suites.config.ts`. @type {(name: string) => Command} */
const suite = (name) => ({
  files: ["node_modules/vitest/vitest.mjs"],
  args: ["run", "--config", "test/suites.config.ts", "--project", name],
  redis: "server",
});

/** @type {Record<string, Command>} */
export const COMMANDS = {
  start: {
    files: [],
    withoutArguments: "Settings are variables (docs/reference/settings.md), such as PORT=9091 npm start.",
    redis: "product",
  },
  test: {
    files: [],
    withoutArguments: "To run some of the tests: npx vitest run FILE (CONTRIBUTING.md says what that needs).",
    redis: "server",
  },
  keys: ofServer("keys"),
  owner: ofServer("owner"),
  backup: ofServer("backup"),
  restore: ofServer("restore"),
  doctor: { ...ofServer("doctor"), anyRedis: true },
  load: { files: ["bench/simulated-users/run.ts"] },
  "load:provider": { files: ["bench/upstream.ts"] },
  "bench:turns": withServers("bench/turns.ts"),
  "bench:growth": withServers("bench/growth.ts"),
  "bench:memory": withServers("bench/memory.ts"),
  "bench:recall": withServers("bench/recall.ts"),
  "bench:page": {
    ...withServers("bench/page-weight.ts", "bench/page-frames.ts"),
    page: true,
    chromium: true,
  },
  "bench:size": { files: ["packages/memory/bundle-size.ts"] },
  "test:matrix": suite("matrix"),
  "test:durability": suite("durability"),
  "test:package": suite("package"),
  "test:faults": suite("faults"),
  "test:security": suite("security"),
  "test:cluster": suite("cluster"),
  "test:docker": { ...suite("docker"), chromium: true },
};
