// `npm test`: finds or installs all that is needed, then runs every check and ends with one summary.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { explain, Interrupted } from "./setup/failure.mjs";
import { guardFolder } from "./setup/guard.mjs";
import { findNode } from "./setup/node-runtime.mjs";
import { installPackages } from "./setup/packages.mjs";
import { startPrivateRedis } from "./setup/private-redis.mjs";
import { listenForStop } from "./setup/stop-signals.mjs";
import { createTerminal } from "./setup/terminal.mjs";
import { findChromium } from "./test/chromium.mjs";
import { hermeticEnv } from "./test/hermetic-env.mjs";
import { endLeftovers } from "./test/leftovers.mjs";
import { redisServers } from "./test/redis-servers.mjs";
import { testSteps } from "./test/steps.mjs";
import { summarize } from "./test/summary.mjs";

const MARKER = "REDIS_MEMORY_MAGIC_TEST_RUN";
const EXIT_MS = 1_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const terminal = createTerminal({ nameWidth: 20 });
const signal = listenForStop(() => terminal.line("\n  Stopping."));
const folder = mkdtempSync(join(tmpdir(), "memory-magic-"));
const run = randomUUID();
guardFolder(folder);

/** @type {import("./test/steps.mjs").Result[]} */
const results = [];
/** @type {import("./setup/private-redis.mjs").PrivateRedis | undefined} */
let redis;

async function test() {
  const servers = await redisServers({ terminal, signal });
  const node = await findNode({ root, terminal, signal });
  await installPackages({ root, node, terminal, signal });
  const chromium = await findChromium({ root, node, terminal, signal }, process.env);
  terminal.note("Chromium", "path" in chromium ? chromium.path : chromium.reason);

  const redisFolder = join(folder, "redis");
  redis = await startPrivateRedis({
    binary: servers.main.path,
    folder: redisFolder,
    persistent: false,
    signal,
  });
  terminal.note("Redis", `${servers.main.name} at 127.0.0.1:${redis.port}`);
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  const env = {
    ...hermeticEnv(root, process.env),
    CI: "true",
    NO_COLOR: "1",
    TMPDIR: temporary,
    [MARKER]: run,
    TEST_REDIS_URL: redis.url,
    TEST_REDIS_SERVER: servers.main.path,
    TEST_REDIS_SERVERS: JSON.stringify(servers.further),
  };
  terminal.line("");
  for (const step of testSteps({ root, node, folder, env, chromium, signal })) await show(step);
}

/** @param {import("./test/steps.mjs").Step} step */
async function show(step) {
  const task = terminal.task(step.name);
  const result = await step.run(task.say).catch((error) => {
    if (error instanceof Interrupted) task.drop();
    throw error;
  });
  results.push(result);
  const { passed, failed, skipped } = result;
  const counts = [
    `${passed} passed`,
    failed.length && `${failed.length} failed`,
    skipped.length && `${skipped.length} skipped`,
  ];
  const text = `${(result.said ?? counts.filter(Boolean).join(", ")).padEnd(30)} ${task.elapsed()}`;
  if (failed.length === 0) {
    task.done(text);
    return;
  }
  task.failed(text);
  terminal.line(result.output.replace(/^/gm, "    "));
}

/** @param {string} name @param {string} output */
function addFailure(name, output) {
  results.push({ passed: 0, failed: [name], skipped: [], output });
  terminal.line(`\n${output}`);
}

let interrupted = false;
try {
  await test();
} catch (error) {
  interrupted = error instanceof Interrupted;
  if (!interrupted) addFailure("set-up", explain(error));
} finally {
  const left = await endLeftovers(`${MARKER}=${run}`);
  if (left.length > 0 && !interrupted)
    addFailure("nothing left behind", `The tests left behind: ${left.join(", ")}`);
  await redis?.end();
  rmSync(folder, { recursive: true, force: true });
}

if (interrupted) {
  process.exitCode = 130;
} else {
  const { lines, exitCode } = summarize(results);
  terminal.line("");
  for (const line of lines) terminal.line(line);
  process.exitCode = exitCode;
}
// Nothing should be left that keeps this process; if something is, it does not keep it for long.
setTimeout(() => process.exit(), EXIT_MS).unref();
