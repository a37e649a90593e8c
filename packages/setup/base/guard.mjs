import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { killGroup } from "./end-process.mjs";

/** @type {import("node:stream").Writable | undefined} */
let pipe;
/** @type {Set<number>} */
const guarded = new Set();

/** @param {object} command */
function send(command) {
  pipe ??= startWatchdog();
  pipe.write(`${JSON.stringify(command)}\n`);
}

function startWatchdog() {
  const watchdog = spawn(process.execPath, [fileURLToPath(new URL("./watchdog.mjs", import.meta.url))], {
    // Out of the terminal's process group: Ctrl-C is ours to handle.
    detached: true,
    windowsHide: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  // Without a watchdog (no memory for a process, say) all else works the same.
  watchdog.on("error", () => {});
  watchdog.stdin.on("error", () => {});
  /** @type {import("node:net").Socket} */ (watchdog.stdin).unref();
  return watchdog.stdin;
}

/**
 * If this process is killed, the watchdog ends that one.
 * @param {number | undefined} pid
 */
export function guardProcess(pid) {
  if (pid === undefined) return;
  guarded.add(pid);
  send({ watch: pid });
}

/**
 * It has ended.
 * @param {number | undefined} pid
 */
export function unguardProcess(pid) {
  if (pid === undefined) return;
  guarded.delete(pid);
  send({ forget: pid });
}

/** Ends the watchdog while nothing is guarded. */
export function endGuard() {
  pipe?.end();
  pipe = undefined;
}

/** Ends all guarded processes at once, by force. */
export function killGuarded() {
  for (const pid of guarded) killGroup(pid);
}

/**
 * If this process is killed, the watchdog removes that folder.
 * @param {string} path
 */
export function guardFolder(path) {
  send({ remove: path });
}
