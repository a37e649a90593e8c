import { readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endProcess, isAlive } from "./end-process.mjs";
import { askRedis } from "./resp.mjs";

const GRACE_MS = 5_000;
const ASK_MS = 3_000;

/** @param {string} folder */
const recordIn = (folder) => join(folder, "private-redis.json");

/**
 * Writes down which Redis works on a data folder, and for whom: two must never work on the same one.
 * @param {string} folder
 * @param {{ pid: number, port: number }} redis
 * @param {boolean} [ending] nobody should rely on it any more
 */
export function recordRedis(folder, { pid, port }, ending = false) {
  writeFileSync(recordIn(folder), JSON.stringify({ pid, port, owner: process.pid, ending }));
}

/** Unless another start has written down its own by now. @param {string} folder */
export function forgetRedis(folder) {
  if (readRecord(folder)?.owner === process.pid) rmSync(recordIn(folder), { force: true });
}

/**
 * The Redis of an earlier start of this clone. One that nobody owns any more (its owner and the watchdog were killed)
 * is ended, one that is about to end is waited for, one that serves another `npm start` is shared.
 * @param {string} folder
 * @returns {Promise<string | undefined>} the URL of one to be shared
 */
export async function shareEarlierRedis(folder) {
  const record = readRecord(folder);
  if (!record || !(await worksOn(folder, record.port))) return undefined;
  if (isAlive(record.owner) && !record.ending) return `redis://127.0.0.1:${record.port}`;
  await endProcess(record.pid, GRACE_MS);
  return undefined;
}

/** @param {string} folder @returns {{ pid: number, port: number, owner: number, ending: boolean } | undefined} */
function readRecord(folder) {
  try {
    const record = JSON.parse(readFileSync(recordIn(folder), "utf8"));
    return [record.pid, record.port, record.owner].every(Number.isInteger) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A process id can belong to somebody else by now; what the Redis itself says cannot. @param {string} folder @param {number} port */
async function worksOn(folder, port) {
  try {
    const [answer] = await askRedis({ host: "127.0.0.1", port }, [["CONFIG", "GET", "dir"]], ASK_MS);
    return Array.isArray(answer) && realpathSync(answer[1]) === realpathSync(folder);
  } catch {
    return false;
  }
}
