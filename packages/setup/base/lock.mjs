import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 500;
const HEARTBEAT_MS = 2_000;
/** A holder on another machine (or in another container) cannot be asked: its heartbeat must be seen. */
const POLLS_WITHOUT_HEARTBEAT = 16;

/** @typedef {{ signal: AbortSignal, onWait?: () => void }} LockOptions `onWait`: called at each look at a lock that another holds */

/**
 * Runs `work` while no other process runs any under the same path. The lock is a file that names its holder and is
 * touched while held; one whose holder died, or was seen to stand still, is broken. A process that was stopped for long can
 * so be joined by another: what must never be done twice has a check of its own behind the lock, as the files that are
 * fetched (their hash) and the Redis on a data folder (its record) have.
 * @template T
 * @param {string} path
 * @param {LockOptions} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} rejects with the signal's reason when it is aborted while it waits
 */
export async function withLock(path, options, work) {
  const own = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  await acquire(path, own, options);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await read(path)) === own) await rm(path, { force: true });
  }
}

/**
 * @param {string} path
 * @param {string} own
 * @param {LockOptions} options
 */
async function acquire(path, own, { signal, onWait }) {
  let seen = "";
  let unchanged = 0;
  while (!(await create(path, own))) {
    signal.throwIfAborted();
    onWait?.();
    const holder = await read(path);
    const state = `${holder} ${await touchedAt(path)}`;
    // Polls are counted, not clock time: a laptop that slept wakes up with all of its processes.
    unchanged = state === seen ? unchanged + 1 : 0;
    seen = state;
    if (isDead(holder) || unchanged >= POLLS_WITHOUT_HEARTBEAT) await breakLock(path, holder);
    else await sleep(POLL_MS, undefined, { signal });
  }
}

/** @param {string} path @param {string} own @returns {Promise<boolean>} */
async function create(path, own) {
  try {
    await writeFile(path, own, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} path */
const read = (path) => readFile(path, "utf8").catch(() => "");

/** @param {string} path */
async function touchedAt(path) {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return mtimeMs;
}

/** @param {string} holder */
function isDead(holder) {
  try {
    const { pid, host } = JSON.parse(holder);
    if (host !== hostname()) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** @param {string} path @param {string} holder */
async function breakLock(path, holder) {
  const aside = `${path}.${randomUUID()}`;
  try {
    // Of several processes that try, the rename of one succeeds.
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  // Another may have broken the lock and taken it since it was read: then it gets it back.
  if ((await read(aside)) !== holder) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error)?.code;
