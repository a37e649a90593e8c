import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { findOnPath } from "./find-on-path.mjs";

const LISTENING = "0A";

/**
 * The process that listens on a port, for a message: `redis-server *:6379 (process 812)`. Undefined if the system does not show it.
 * @param {number} port
 * @returns {string | undefined}
 */
export function portOwner(port) {
  const pid = process.platform === "linux" ? pidFromProc(port) : pidFromLsof(port);
  if (!pid) return undefined;
  const command =
    process.platform === "linux" ? commandFromProc(pid) : output("ps", "-o", "command=", "-p", pid);
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
function pidFromLsof(port) {
  const lsof = findOnPath("lsof");
  return lsof && /^\d+$/m.exec(output(lsof, "-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"))?.[0];
}

/** @param {string} command @param {string[]} args */
function output(command, ...args) {
  return (spawnSync(command, args, { encoding: "utf8", timeout: 5_000 }).stdout ?? "").trim();
}

/** What other users own cannot be read. @template T @param {() => T} read @returns {T | undefined} */
function attempt(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}
