import { readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcess, isAlive } from "../../base/end-process.mjs";
import { askRedis } from "./ask-redis.ts";

const GRACE_MS = 5_000;
const POLL_MS = 100;
/** How long one may read its data. */
const READING_MS = 60_000;

interface RedisRecord {
  readonly pid: number;
  readonly port: number;
  readonly owner: number;
  readonly ending: boolean;
}

const recordIn = (folder: string): string => join(folder, "private-redis.json");

/**
 * Writes down which Redis works on a data folder, and for which start: two must never work on the same one.
 * `ending`: it must not be relied on any more.
 */
export function recordRedis(folder: string, redis: { pid: number; port: number }, ending = false): void {
  const { pid, port } = redis;
  writeFileSync(recordIn(folder), JSON.stringify({ pid, port, owner: process.pid, ending }));
}

/** Removes the record, unless another start has written its own by now. */
export function forgetRedis(folder: string): void {
  if (readRecord(folder)?.owner === process.pid) rmSync(recordIn(folder), { force: true });
}

/**
 * Looks for the Redis of an earlier start of this clone. One without an owner (it was killed, and the watchdog too) is
 * ended, one that is about to end or still reads its data is waited for, one that serves another `npm start` is shared:
 * then its URL is returned.
 */
export async function shareEarlierRedis(folder: string, signal?: AbortSignal): Promise<string | undefined> {
  const record = readRecord(folder);
  if (!record || !(await isAtWork(folder, record, signal))) return undefined;
  if (isAlive(record.owner) && !record.ending) return `redis://127.0.0.1:${record.port}`;
  await endProcess(record.pid, GRACE_MS);
  return undefined;
}

/** True if the recorded Redis works on the folder, also if it does not answer yet: it is waited for while it lives. */
async function isAtWork(folder: string, { pid, port }: RedisRecord, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + READING_MS;
  while (!(await worksOn(folder, port))) {
    const works = isIn(folder, pid);
    if (works === false) return false;
    if (performance.now() > deadline) return works === true;
    await sleep(POLL_MS, undefined, { signal });
  }
  return true;
}

/** Whether a process is alive and its folder is this one, as Redis makes its data folder; undefined: it cannot be told. */
function isIn(folder: string, pid: number): boolean | undefined {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux") return undefined;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch {
    return false;
  }
}

function readRecord(folder: string): RedisRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordIn(folder), "utf8")) as RedisRecord;
    return [record.pid, record.port, record.owner].every(Number.isInteger) ? record : undefined;
  } catch {
    return undefined;
  }
}

/**
 * True if the Redis at this port works on this folder. A process id can belong to another program by now; what the
 * Redis itself says cannot.
 */
export async function worksOn(folder: string, port: number): Promise<boolean> {
  try {
    const { dir = "" } = await askRedis({ url: `redis://127.0.0.1:${port}` }, (client) =>
      client.configGet("dir"),
    );
    return realpathSync(dir) === realpathSync(folder);
  } catch {
    return false;
  }
}
