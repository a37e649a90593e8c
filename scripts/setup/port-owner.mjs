import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { findOnPath } from "./find-on-path.mjs";
import { run } from "./run.mjs";

const LISTENING = "0A";

/**
 * Who listens on a port, for a message: `redis-server *:6379 (process 812)`. Undefined when the system does not tell.
 * @param {number} port
 * @returns {Promise<string | undefined>}
 */
export async function portOwner(port) {
  const pid = process.platform === "linux" ? pidFromProc(port) : await pidFromLsof(port);
  if (!pid) return undefined;
  const command = process.platform === "linux" ? commandFromProc(pid) : await commandFromPs(pid);
  const [program = "", ...words] = command?.split(" ") ?? [];
  // Of its arguments only the first that is no option, which says which script it is: others can be secrets.
  const script = words.find((word) => !word.startsWith("-")) ?? "";
  return program
    ? `${basename(program)} ${script}`.trim().slice(0, 100).concat(` (process ${pid})`)
    : `process ${pid}`;
}

/** @param {number} port */
function pidFromProc(port) {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((path) => attempt(() => readFileSync(path, "utf8").split("\n")) ?? [])
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && local?.endsWith(`:${wanted}`))
    .map((fields) => `socket:[${fields[9]}]`);
  if (inodes.length === 0) return undefined;
  return attempt(() => readdirSync("/proc"))?.find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const handles = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    return handles.some((handle) =>
      inodes.includes(attempt(() => readlinkSync(`/proc/${pid}/fd/${handle}`)) ?? ""),
    );
  });
}

/** @param {string} pid */
function commandFromProc(pid) {
  return attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim());
}

/** @param {number} port */
async function pidFromLsof(port) {
  const lsof = findOnPath("lsof");
  if (!lsof) return undefined;
  const { output } = await run(lsof, ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"], { deadlineMs: 5_000 });
  return /^\d+$/m.exec(output)?.[0];
}

/** @param {string} pid */
async function commandFromPs(pid) {
  const { ok, output } = await run("ps", ["-o", "command=", "-p", pid], { deadlineMs: 5_000 });
  return ok ? output.trim() : undefined;
}

/** What other users own cannot be read. @template T @param {() => T} read @returns {T | undefined} */
function attempt(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}
