import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { endProcess, killGroup } from "../../base/end-process.mjs";
import { Failure } from "../../base/failure.mjs";
import { guardProcess, unguardProcess } from "../../base/guard.mjs";
import type { SetupContext } from "../context.ts";
import { type LogLine, logLevels } from "./log-line.ts";
import { createLogView } from "./log-view.ts";

const READY_MS = 60_000;
// What the server needs at most after the time that running turns are given (SHUTDOWN_GRACE_SECONDS).
const CLOSE_MS = 3_000;
const TURNS_SECONDS = 5;
const PIPES_MS = 500;

interface SuperviseOptions extends SetupContext {
  readonly entry: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onReady: (line: LogLine) => void;
  readonly readyMs?: number;
}

/**
 * Runs the server until it ends or the signal asks it to, and shows its log. Resolves after an orderly end that was
 * asked for; else rejects with a `Failure`.
 */
export async function superviseServer(options: SuperviseOptions): Promise<void> {
  const { entry, root, env, terminal, signal, onReady, readyMs = READY_MS } = options;
  const levels = logLevels(env.LOG_LEVEL);
  const graceMs = (Number(env.SHUTDOWN_GRACE_SECONDS || TURNS_SECONDS) || 0) * 1000 + CLOSE_MS;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
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

  let stopped: Promise<boolean> | undefined;
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

/** Resolves with how it ended, when its log was read to the end. */
function ending(child: ChildProcess, log: Interface): Promise<string> {
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

/** Resolves with whether it ended by itself. */
async function askToEnd(child: ChildProcess, graceMs: number): Promise<boolean> {
  if (child.pid === undefined) return true;
  if (process.platform !== "win32") return endProcess(child.pid, graceMs);
  const timer = setTimeout(() => child.kill(), graceMs);
  await new Promise((done) => child.once("exit", done));
  clearTimeout(timer);
  return child.signalCode === null;
}
