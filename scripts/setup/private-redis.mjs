import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endProcess } from "./end-process.mjs";
import { diskFull, Failure, Interrupted } from "./failure.mjs";
import { guardProcess, unguardProcess } from "./guard.mjs";
import { freePort } from "./ports.mjs";
import { probeRedis } from "./probe-redis.mjs";

const HOST = "127.0.0.1";
const READY_MS = 90_000;
const GRACE_MS = 3_000;

/**
 * @typedef {object} PrivateRedis
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {Promise<string>} ended settles when it ends, with how
 * @property {() => Promise<void>} end
 */

/**
 * Starts a Redis of our own on the loopback interface.
 * @param {object} options
 * @param {string} options.binary
 * @param {string} options.folder its data and its log, `redis.log`
 * @param {boolean} options.persistent whether the data outlives it
 * @param {number} [options.preferredPort] taken if it is free
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<PrivateRedis>} rejects with a `Failure`
 */
export async function startPrivateRedis({ binary, folder, persistent, preferredPort = 0, signal }) {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, "redis.log");
  const port = await freePort(preferredPort);
  const output = openSync(log, "w");
  const child = spawn(
    binary,
    ["--bind", HOST, "--port", `${port}`, "--dir", folder, "--daemonize", "no", "--save", ""].concat([
      "--appendonly",
      persistent ? "yes" : "no",
    ]),
    // Out of the terminal's process group: on Ctrl-C the server still needs it.
    { detached: true, windowsHide: true, stdio: ["ignore", output, output] },
  );
  closeSync(output);
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, name) => resolve(name ? `ended by ${name}` : `ended with code ${code}`));
  });
  const { pid } = child;
  if (pid === undefined) throw new Failure(`${binary} could not be started: ${await ended}.`);
  guardProcess(pid);

  const end = async () => {
    await endProcess(pid, GRACE_MS);
    unguardProcess(pid);
  };
  const problem = await becomeReady(port, ended, signal);
  if (problem) {
    await end();
    if (signal?.aborted) throw new Interrupted();
    const words = readFileSync(log, "utf8");
    // On a full disk not even the log could be written; then this fails as well, and says so.
    if (!words) writeFileSync(log, "-".repeat(4_096));
    throw new Failure(explainLog(words, folder, problem));
  }
  return { url: `redis://${HOST}:${port}`, port, pid, ended, end };
}

/**
 * @param {number} port
 * @param {Promise<string>} ended
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} empty when it is ready, else why not
 */
async function becomeReady(port, ended, signal) {
  let over = "";
  ended.then((how) => {
    over = how;
  });
  const deadline = Date.now() + READY_MS;
  while (!over && !signal?.aborted) {
    const { state, reason } = await probeRedis({ host: HOST, port });
    if (state === "ready") return over;
    if (Date.now() > deadline) return reason;
    await new Promise((done) => setTimeout(done, 20));
  }
  return over || "interrupted";
}

/** @param {string} log @param {string} folder @param {string} problem */
function explainLog(log, folder, problem) {
  if (/No space left on device/.test(log)) return diskFull(folder);
  const words = log
    .trim()
    .split("\n")
    .slice(-3)
    .map((line) => line.replace(/^.*? [#*.-] /, ""));
  if (/(Can't handle RDB format|Bad file format|Unrecoverable error|Wrong signature)/.test(log)) {
    return `Redis cannot read its data in ${folder}: ${words.join(" ")} Was it written by a newer Redis? Use that one, or move the folder away to begin anew.`;
  }
  return `The private Redis could not be started (${problem}): ${words.join(" ")} Its log is ${join(folder, "redis.log")}.`;
}
