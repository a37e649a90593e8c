import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { endProcess, killGroup } from "../setup/end-process.mjs";
import { Failure } from "../setup/failure.mjs";
import { guardProcess, unguardProcess } from "../setup/guard.mjs";
import { logLevels } from "./log-line.mjs";
import { createLogView } from "./log-view.mjs";

const READY_MS = 60_000;
// What the server needs at most after the time that running turns are given (SHUTDOWN_GRACE_SECONDS).
const CLOSE_MS = 3_000;
const TURNS_SECONDS = 5;
const PIPES_MS = 500;

/**
 * Runs the server until it ends or is told to, and shows its log.
 * @param {object} options
 * @param {string} options.node
 * @param {string} options.entry
 * @param {string} options.root
 * @param {NodeJS.ProcessEnv} options.env
 * @param {import("../setup/terminal.mjs").Terminal} options.terminal
 * @param {AbortSignal} options.signal ends it in good order
 * @param {(line: import("./log-line.mjs").LogLine) => void} options.onReady
 * @param {number} [options.readyMs]
 * @returns {Promise<void>} resolves after an orderly end that was asked for; else rejects with a `Failure`
 */
export async function superviseServer({
  node,
  entry,
  root,
  env,
  terminal,
  signal,
  onReady,
  readyMs = READY_MS,
}) {
  const levels = logLevels(env.LOG_LEVEL);
  const graceMs = (Number(env.SHUTDOWN_GRACE_SECONDS || TURNS_SECONDS) || 0) * 1000 + CLOSE_MS;
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", entry], {
    cwd: root,
    env: levels.ran ? { ...env, LOG_LEVEL: levels.ran } : env,
    // In a process group of its own, so that on Ctrl-C it is asked once, by us. Windows asks all processes of the
    // console itself, and has no other way of asking.
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "inherit"],
  });
  guardProcess(child.pid);
  const view = createLogView({ terminal, level: levels.shown, onReady });
  const log = createInterface({ input: child.stdout });
  log.on("line", view.show);

  /** @type {Promise<boolean> | undefined} */
  let stopped;
  const stop = () => {
    view.endBars();
    stopped ??= askToEnd(child, graceMs);
  };
  let late = false;
  const timer = setTimeout(() => {
    late = !view.isReady();
    if (late) stop();
  }, readyMs);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();

  const how = await ending(child, log);
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  view.endBars();
  unguardProcess(child.pid);

  if (view.fatal()) throw new Failure(view.fatal());
  if (late) throw new Failure(`The server was not ready within ${readyMs / 1000} s. Its log is above.`);
  if (!stopped) throw new Failure(`The server ended unexpectedly: it ${how}. Its log is above.`);
  if (!(await stopped))
    throw new Failure(`The server did not end within ${graceMs / 1000} s and was ended by force.`);
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {import("node:readline").Interface} log
 * @returns {Promise<string>} how it ended, when its log was read to the end
 */
function ending(child, log) {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not be started (${error.message})`));
    child.once("exit", (code, name) => {
      // What is left of its group goes with it.
      if (child.pid !== undefined) killGroup(child.pid);
      const settle = () => {
        clearTimeout(patience);
        resolve(`ended with ${name ?? `code ${code}`}`);
      };
      const patience = setTimeout(settle, PIPES_MS);
      log.once("close", settle);
    });
  });
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} graceMs
 * @returns {Promise<boolean>} whether it ended by itself
 */
async function askToEnd(child, graceMs) {
  if (child.pid === undefined) return true;
  if (process.platform !== "win32") return endProcess(child.pid, graceMs);
  const timer = setTimeout(() => child.kill(), graceMs);
  await new Promise((done) => child.once("exit", done));
  clearTimeout(timer);
  return child.signalCode === null;
}
