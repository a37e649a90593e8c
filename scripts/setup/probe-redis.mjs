import { askRedis, NotRedis, RedisError } from "./resp.mjs";

const DEADLINE_MS = 3_000;
const LOADING_MS = 60_000;

/**
 * @typedef {object} Probe
 * @property {"ready" | "away" | "refused" | "foreign" | "old"} state `refused`: it answers, but not to us; `foreign`:
 *   what answers is no Redis; `old`: before 6.2
 * @property {string} reason what it said, for a sentence; when it is ready, its name and version
 */

/**
 * What is at an address. Never rejects.
 * @param {import("./resp.mjs").Target} target
 * @returns {Promise<Probe>}
 */
export async function probeRedis(target) {
  const loadingUntil = Date.now() + LOADING_MS;
  for (;;) {
    const probe = await probeOnce(target);
    if (probe !== "loading") return probe;
    if (Date.now() > loadingUntil) return { state: "away", reason: "it is still loading its data" };
    await new Promise((done) => setTimeout(done, 250));
  }
}

/** @param {import("./resp.mjs").Target} target @returns {Promise<Probe | "loading">} */
async function probeOnce(target) {
  try {
    const [pong, info] = await askRedis(target, [["PING"], ["INFO", "server"]], DEADLINE_MS);
    if (pong instanceof RedisError) {
      return pong.message.startsWith("LOADING")
        ? "loading"
        : { state: "refused", reason: refusal(pong, target) };
    }
    // INFO can be forbidden by an access list; then the version stays unknown.
    if (typeof info !== "string") return { state: "ready", reason: "Redis" };
    const { name, version } = describeServer(info);
    return { state: isNewEnough(version) ? "ready" : "old", reason: `${name} ${version}` };
  } catch (error) {
    if (error instanceof RedisError) return { state: "refused", reason: refusal(error, target) };
    if (error instanceof NotRedis) return { state: "foreign", reason: "what answers there is no Redis" };
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    return { state: "away", reason: REASONS[code ?? ""] ?? message };
  }
}

/** @type {Record<string, string>} */
const REASONS = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "this host name is not known here",
  EAI_AGAIN: "this host name cannot be looked up now",
  EHOSTUNREACH: "no way leads to this host",
  ENETUNREACH: "no way leads to this host",
  ECONNRESET: "the connection was closed",
};

/** @param {RedisError} error @param {import("./resp.mjs").Target} target */
function refusal(error, { password }) {
  if (error.message.startsWith("NOAUTH")) return "it asks for a password, and none is set";
  if (error.message.startsWith("WRONGPASS")) return "it refuses the password or the user name";
  if (password !== undefined && /without any password/i.test(error.message)) {
    return "it has no password set, so it refuses the one that it is given";
  }
  return `it answers: ${error.message}`;
}

/** @param {string} info the answer to `INFO server` */
function describeServer(info) {
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
  if (valkey) return { name: "Valkey", version: valkey };
  return { name: "Redis", version: /^redis_version:(\S+)/m.exec(info)?.[1] ?? "of unknown version" };
}

/**
 * Redis 6.2 is the oldest that the product works with.
 * @param {string} version `7.0.15`; what is no version is taken as new enough
 */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (Number.isNaN(major)) return true;
  return major > 6 || (major === 6 && minor >= 2);
}
