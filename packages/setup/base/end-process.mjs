import { readFileSync } from "node:fs";

const POLL_MS = 50;

/**
 * Asks a process to end, waits, then ends it and what is left of its process group by force.
 * Only the process itself is asked: it ends its own children in the order that it needs.
 * @param {number} pid
 * @param {number} graceMs
 * @returns {Promise<boolean>} whether it ended by itself
 */
export async function endProcess(pid, graceMs) {
  signal(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (isAlive(pid) && Date.now() < deadline) await new Promise((done) => setTimeout(done, POLL_MS));
  const orderly = !isAlive(pid);
  killGroup(pid);
  return orderly;
}

/**
 * Ends a process and its group at once.
 * @param {number} pid
 */
export function killGroup(pid) {
  signal(pid, "SIGKILL");
  if (process.platform !== "win32") signal(-pid, "SIGKILL");
}

/** @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
  return !isZombie(pid);
}

/** Ended, but its exit code was not asked for: an orphan in a container without an init stays so. @param {number} pid */
function isZombie(pid) {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** @param {number} pid @param {NodeJS.Signals} name */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}
