import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { isAlive } from "../packages/setup/base/end-process.mjs";

const NPM_POLL_MS = 500;
const npm = npmProcess();

/**
 * Runs the second stage in this process' place: passes on signals. When this process is killed, the second stage learns
 * it from the channel and ends; when npm is killed, this process asks it to end.
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export function runSecondStage(node, args) {
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  child.channel?.unref();
  for (const name of /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.removeAllListeners(name);
    process.on(name, () => child.kill(name));
  }
  const timer = setInterval(() => {
    if (npm === undefined || isAlive(npm)) return;
    clearInterval(timer);
    child.kill("SIGTERM");
  }, NPM_POLL_MS);
  timer.unref();
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/**
 * Returns the process of the npm that runs this. It may end without a signal to us: killed, or asked to end, when it
 * signals only the shell between us and itself.
 */
function npmProcess() {
  if (!process.env.npm_lifecycle_event) return undefined;
  try {
    const parent = readFileSync(`/proc/${process.ppid}/status`, "utf8");
    const isShell = !/^Name:\s+(npm|node)/m.test(parent);
    return isShell ? Number(/^PPid:\s+(\d+)/m.exec(parent)?.[1]) : process.ppid;
  } catch {
    // Where there is no /proc, the shell has made way for us.
    return process.ppid;
  }
}
