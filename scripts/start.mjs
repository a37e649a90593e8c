// `npm start`: finds or installs all that is needed, then runs the server and, where there is none, a Redis.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseRedis } from "./setup/choose-redis.mjs";
import { readEnvFile } from "./setup/env-file.mjs";
import { explain, Interrupted } from "./setup/failure.mjs";
import { findNode } from "./setup/node-runtime.mjs";
import { installPackages } from "./setup/packages.mjs";
import { buildPageIfChanged } from "./setup/page.mjs";
import { checkPorts } from "./setup/ports.mjs";
import { listenForStop } from "./setup/stop-signals.mjs";
import { createTerminal } from "./setup/terminal.mjs";
import { keepRedis } from "./start/keep-redis.mjs";
import { superviseServer } from "./start/supervise.mjs";

const REDIS_PORT = 6379;
const EXIT_MS = 1_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const data = join(root, ".data");
const terminal = createTerminal();
const signal = listenForStop(() => terminal.line("\n  Stopping."));

async function start() {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...readEnvFile(join(root, ".env")), ...process.env };
  await checkPorts(env);
  // A way to a Redis, before anything large is fetched in vain.
  const choice = await chooseRedis(env, data, { terminal, signal });
  const node = await findNode({ root, terminal, signal });
  await installPackages({ root, node, terminal, signal });
  await buildPageIfChanged({ root, node, terminal, signal });

  const redis = await redisFor(choice);
  try {
    await superviseServer({
      node,
      entry: join(root, "packages/server/src/main.ts"),
      root,
      // A private Redis has no password, whatever the environment says about another one.
      env: redis.url ? { ...env, REDIS_URL: redis.url, REDIS_PASSWORD: "", REDIS_PASSWORD_FILE: "" } : env,
      terminal,
      signal,
      onReady: ({ page, api }) => showAddresses(page ?? "", api ?? ""),
    });
  } finally {
    await redis.end();
  }
}

/**
 * @param {import("./setup/choose-redis.mjs").Choice} choice
 * @returns {Promise<{ url?: string, end: () => Promise<void> }>}
 */
async function redisFor(choice) {
  const task = terminal.task("Redis");
  if (choice.kind === "running") {
    task.done(choice.said);
    return { url: choice.url, end: async () => {} };
  }
  task.say(`starting ${choice.binary.name}`);
  try {
    const options = { binary: choice.binary.path, folder: data, preferredPort: REDIS_PORT, signal };
    const redis = await keepRedis(options, terminal);
    task.done(`${choice.binary.name}, a private one at 127.0.0.1:${redis.port}, its data in .data`);
    return redis;
  } catch (error) {
    task.drop();
    throw error;
  }
}

/** @param {string} page @param {string} api */
function showAddresses(page, api) {
  terminal.line("");
  terminal.line(`  ${terminal.paint(1, "Redis Memory Magic is ready.")}`);
  terminal.line("");
  terminal.line(`  Page   ${terminal.paint(36, page)}`);
  terminal.line(`  API    ${terminal.paint(36, api)}   (described at ${api}/docs)`);
  terminal.line("");
  terminal.line("  Ctrl-C stops it.");
  terminal.line("");
}

try {
  await start();
} catch (error) {
  process.exitCode = error instanceof Interrupted ? 130 : 1;
  if (!(error instanceof Interrupted)) process.stderr.write(`\n${explain(error)}\n`);
}
// Nothing should be left that keeps this process; if something is, it does not keep it for long.
setTimeout(() => process.exit(), EXIT_MS).unref();
