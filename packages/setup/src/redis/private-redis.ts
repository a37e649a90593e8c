import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endProcess } from "../../base/end-process.mjs";
import { diskFull, Failure, Interrupted } from "../../base/failure.mjs";
import { guardProcess, unguardProcess } from "../../base/guard.mjs";
import { freePort } from "../../base/ports.mjs";
import { worksOn } from "./earlier-redis.ts";
import { probeRedis } from "./probe-redis.ts";

const HOST = "127.0.0.1";
const urlOf = (port: number): string => `redis://${HOST}:${port}`;
const READY_MS = 90_000;
const GRACE_MS = 3_000;

export interface PrivateRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when it ends, with how. */
  readonly ended: Promise<string>;
  readonly end: () => Promise<void>;
}

export interface PrivateRedisOptions {
  readonly binary: string;
  /** Holds its data and its log, `redis.log`. */
  readonly folder: string;
  /** The data outlives it. */
  readonly persistent: boolean;
  /** Taken if it is free. */
  readonly preferredPort?: number;
  /** Called at once, before it has read its data. */
  readonly onSpawned?: (redis: { readonly pid: number; readonly port: number }) => void;
  readonly signal?: AbortSignal;
}

/** Starts a Redis of our own on the loopback interface. Rejects with a `Failure`. */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  const { binary, folder, persistent, preferredPort = 0, signal } = options;
  mkdirSync(folder, { recursive: true });
  const log = join(folder, "redis.log");
  const port = await freePort(preferredPort);
  const url = urlOf(port);
  const output = openSync(log, "w");
  const where = ["--bind", HOST, "--port", `${port}`, "--dir", folder, "--daemonize", "no"];
  const child = spawn(
    binary,
    [...where, "--save", "", "--appendonly", persistent ? "yes" : "no"],
    // Out of the terminal's process group: on Ctrl-C the server still needs it.
    { detached: true, windowsHide: true, stdio: ["ignore", output, output] },
  );
  closeSync(output);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, name) => resolve(name ? `ended by ${name}` : `ended with code ${code}`));
  });
  const { pid } = child;
  if (pid === undefined) throw new Failure(`${binary} could not be started: ${await ended}.`);
  guardProcess(pid);
  options.onSpawned?.({ pid, port });

  const end = async (): Promise<void> => {
    await endProcess(pid, GRACE_MS);
    unguardProcess(pid);
  };
  const problem = await becomeReady({ port, folder, ended, signal });
  if (problem) {
    await end();
    if (signal?.aborted) throw new Interrupted();
    const words = readFileSync(log, "utf8");
    // Another program took the port since it was found free.
    if (/Address already in use/i.test(words)) {
      return startPrivateRedis({ ...options, preferredPort: port + 1 });
    }
    // On a full disk not even the log could be written; then this fails as well, and says so.
    if (!words) writeFileSync(log, "-".repeat(4_096));
    throw new Failure(explainLog(words, folder, problem));
  }
  return { url, port, pid, ended, end };
}

interface Started {
  readonly port: number;
  readonly folder: string;
  readonly ended: Promise<string>;
  readonly signal: AbortSignal | undefined;
}

/** Resolves with why it is not ready; empty when it is. */
async function becomeReady({ port, folder, ended, signal }: Started): Promise<string> {
  let over = "";
  void ended.then((how) => {
    over = how;
  });
  const deadline = Date.now() + READY_MS;
  while (!over && !signal?.aborted) {
    const { state, reason } = await probeRedis({ url: urlOf(port) });
    // Another Redis may answer there; then this one ends.
    if (state === "ready" && (await worksOn(folder, port))) return over;
    if (Date.now() > deadline) return reason;
    await new Promise((done) => setTimeout(done, 20));
  }
  return over || "interrupted";
}

function explainLog(log: string, folder: string, problem: string): string {
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
