// `npm start`, `npm test` and every `npm run NAME`: the first stage, which any Node.js from 18 on runs without packages.
// It finds or fetches a Node.js for the product, installs the packages, and leaves the rest to packages/setup.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEnvFile } from "../packages/setup/base/env-file.mjs";
import { explain, Failure, Interrupted } from "../packages/setup/base/failure.mjs";
import { endGuard } from "../packages/setup/base/guard.mjs";
import { checkPorts } from "../packages/setup/base/ports.mjs";
import { listenForStop } from "../packages/setup/base/stop-signals.mjs";
import { createTerminal } from "../packages/setup/base/terminal.mjs";
import { COMMANDS } from "./commands.mjs";
import { findNode } from "./node-runtime.mjs";
import { installPackages } from "./packages.mjs";
import { requireWayToRedis } from "./redis-in-reach.mjs";
import { runSecondStage } from "./second-stage.mjs";
import { useWritableCaches } from "./writable-caches.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [name = "", ...args] = process.argv.slice(2);

async function prepare() {
  const command = COMMANDS[name];
  if (!command)
    throw new Failure(`Run it as npm run NAME, where NAME is ${Object.keys(COMMANDS).join(", ")}.`);
  if (command.withoutArguments && args.length > 0)
    throw new Failure(`npm ${name} takes no arguments. ${command.withoutArguments}`);
  // Output of commands is for pipes and files.
  const isCommand = command.files.length > 0;
  const terminal = createTerminal({ stream: isCommand ? process.stderr : process.stdout });
  const signal = listenForStop(() => terminal.line("\n  Stopping."));

  useWritableCaches(root);
  // TypeScript compiled once: a start takes half as long.
  process.env.NODE_COMPILE_CACHE ||= join(root, ".runtime", "compiled");
  // What cannot succeed ends before anything is downloaded.
  const variables = command.redis === "product" ? readEnvFile(join(root, ".env")) : {};
  if (variables) {
    const env = { ...variables, ...process.env };
    if (name === "start") await checkPorts(env);
    if (command.redis && !command.anyRedis) await requireWayToRedis(command.redis, env);
  }
  const node = await findNode({ root, terminal, signal });
  await installPackages({ root, node, terminal, signal });
  endGuard();
  if (signal.aborted) throw new Interrupted();
  return node;
}

try {
  const node = await prepare();
  process.exitCode = await runSecondStage(node, [join(root, "packages/setup/src/main.ts"), name, ...args]);
} catch (error) {
  process.exitCode = error instanceof Interrupted ? 130 : 1;
  if (!(error instanceof Interrupted)) process.stderr.write(`\n${explain(error)}\n`);
}
// Waits for nothing that is left.
process.exit();
