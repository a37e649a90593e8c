// `npm run keys` and `npm run owner`: runs a command of the server with the Node.js and the Redis that `npm start` uses.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseRedis } from "./setup/choose-redis.mjs";
import { readEnvFile } from "./setup/env-file.mjs";
import { explain, Failure, Interrupted } from "./setup/failure.mjs";
import { findNode } from "./setup/node-runtime.mjs";
import { installPackages } from "./setup/packages.mjs";
import { listenForStop } from "./setup/stop-signals.mjs";
import { createTerminal } from "./setup/terminal.mjs";
import { keepRedis } from "./start/keep-redis.mjs";

const REDIS_PORT = 6379;

const root = fileURLToPath(new URL("..", import.meta.url));
const data = join(root, ".data");
// What the command prints is for pipes and files; everything else is said beside it.
const terminal = createTerminal({ stream: process.stderr });
const signal = listenForStop(() => {});

/** @param {string} name @param {string[]} args */
async function runCommand(name, args) {
  const env = { ...readEnvFile(join(root, ".env")), ...process.env };
  const choice = await chooseRedis(env, data, { terminal, signal });
  const node = await findNode({ root, terminal, signal });
  await installPackages({ root, node, terminal, signal });
  // Keys can be made before the first start: then the private Redis is brought up for as long as that takes.
  const redis =
    choice.kind === "private"
      ? await keepRedis(
          { binary: choice.binary.path, folder: data, preferredPort: REDIS_PORT, signal },
          terminal,
        )
      : { url: choice.url, end: async () => {} };
  try {
    const child = spawn(node, [join(root, `packages/server/src/commands/${name}.ts`), ...args], {
      cwd: root,
      stdio: "inherit",
      env: redis.url ? { ...env, REDIS_URL: redis.url, REDIS_PASSWORD: "", REDIS_PASSWORD_FILE: "" } : env,
    });
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? 1));
    });
  } finally {
    await redis.end();
  }
}

try {
  const [name = "", ...args] = process.argv.slice(2);
  if (!["keys", "owner"].includes(name)) throw new Failure("Run it as npm run keys or npm run owner.");
  process.exitCode = await runCommand(name, args);
} catch (error) {
  process.exitCode = error instanceof Interrupted ? 130 : 1;
  if (!(error instanceof Interrupted)) process.stderr.write(`\n${explain(error)}\n`);
}
