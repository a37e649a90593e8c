// `npm run NAME`, for every command in `command/commands.mjs`: runs it with the Node.js, the packages and the Redis
// that `npm start` would find or install.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "./command/commands.mjs";
import { prepare } from "./command/prepare.mjs";
import { endProcess, killGroup } from "./setup/end-process.mjs";
import { explain, Failure, Interrupted } from "./setup/failure.mjs";
import { guardProcess, unguardProcess } from "./setup/guard.mjs";
import { listenForStop } from "./setup/stop-signals.mjs";
import { createTerminal } from "./setup/terminal.mjs";

// A suite may have servers and containers to put away.
const GRACE_MS = 60_000;
const EXIT_MS = 1_000;

const root = fileURLToPath(new URL("..", import.meta.url));
// What a command prints is for pipes and files; everything else is said beside it.
const terminal = createTerminal({ stream: process.stderr });
const signal = listenForStop(() => {});

/** @param {string} name @param {string[]} args @returns {Promise<number>} its exit code */
async function runCommand(name, args) {
  const command = COMMANDS[name];
  if (!command)
    throw new Failure(`Run it as npm run NAME, where NAME is ${Object.keys(COMMANDS).join(", ")}.`);
  const { node, env, end } = await prepare(command, { root, terminal, signal });
  try {
    for (const file of command.files) {
      const code = await runFile(node, [join(root, file), ...(command.args ?? []), ...args], env);
      if (code !== 0) return code;
    }
    return 0;
  } finally {
    await end();
  }
}

/** @param {string} node @param {string[]} args @param {NodeJS.ProcessEnv} env @returns {Promise<number>} */
async function runFile(node, args, env) {
  if (signal.aborted) throw new Interrupted();
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...args], {
    cwd: root,
    env,
    stdio: "inherit",
    // In a process group of its own, so that on Ctrl-C it is asked once, by us, and nothing is left of it. Windows asks
    // all processes of the console itself.
    detached: process.platform !== "win32",
  });
  const { pid } = child;
  guardProcess(pid);
  const stop = () => pid !== undefined && process.platform !== "win32" && endProcess(pid, GRACE_MS);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? (signal.aborted ? 130 : 1)));
    });
  } finally {
    signal.removeEventListener("abort", stop);
    if (pid !== undefined) killGroup(pid);
    unguardProcess(pid);
  }
}

try {
  const [name = "", ...args] = process.argv.slice(2);
  process.exitCode = await runCommand(name, args);
} catch (error) {
  process.exitCode = error instanceof Interrupted ? 130 : 1;
  if (!(error instanceof Interrupted)) process.stderr.write(`\n${explain(error)}\n`);
}
// Nothing should be left that keeps this process; if something is, it does not keep it for long.
setTimeout(() => process.exit(), EXIT_MS).unref();
