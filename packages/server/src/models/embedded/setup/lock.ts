import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf } from "./setup-error.ts";

const POLL_MS = 500;
const HEARTBEAT_MS = 2_000;
/** A holder on another machine (or in another container) cannot be asked: its heartbeat must be seen. */
const POLLS_WITHOUT_HEARTBEAT = 16;

interface LockOptions {
  readonly signal: AbortSignal;
  /** Called at each look at a lock that another holds. */
  readonly onWait?: () => void;
}

/**
 * Runs `work` while no other process on this cache folder does the same. The lock is a file that names its
 * holder and is touched while held; one whose holder died is broken. It saves double work: that a file is
 * whole is never concluded from it.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
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

async function acquire(path: string, own: string, { signal, onWait }: LockOptions): Promise<void> {
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

async function create(path: string, own: string): Promise<boolean> {
  try {
    await writeFile(path, own, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function read(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}

async function touchedAt(path: string): Promise<number> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return mtimeMs;
}

function isDead(holder: string): boolean {
  try {
    const { pid, host } = JSON.parse(holder) as { pid: number; host: string };
    if (host !== hostname()) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

async function breakLock(path: string, holder: string): Promise<void> {
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
