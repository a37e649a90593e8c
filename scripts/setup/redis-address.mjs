import { readFileSync } from "node:fs";

/**
 * The Redis that the environment names, as far as one address says it.
 * @typedef {import("./resp.mjs").Target & { shown: string, named: boolean }} Address
 *   `shown`: for people, never with a password; `named`: somebody chose it, it is not the default
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Address | undefined} undefined: a mistake or a form that this does not know; the server, which reports all
 *   mistakes of a configuration at once, is to judge
 */
export function redisAddress(env) {
  try {
    const url = env.REDIS_URL || readSecret(env.REDIS_URL_FILE);
    return url ? fromUrl(url, env.REDIS_TLS_CA_FILE) : fromParts(env);
  } catch {
    return undefined;
  }
}

/** @param {NodeJS.ProcessEnv} env @returns {Address | undefined} */
function fromParts(env) {
  const host = env.REDIS_HOST || "localhost";
  const port = Number(env.REDIS_PORT || 6379);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const password = env.REDIS_PASSWORD || readSecret(env.REDIS_PASSWORD_FILE);
  const named = host !== "localhost" || port !== 6379 || Boolean(password);
  return { host, port, shown: `${host}:${port}`, named, ...(password && { password }) };
}

/** @param {string} text @param {string | undefined} ca @returns {Address | undefined} */
function fromUrl(text, ca) {
  const url = new URL(text);
  if (!/^rediss?:$/.test(url.protocol)) return undefined;
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: Number(url.port || 6379),
    shown: `${url.hostname || "localhost"}:${url.port || 6379}`,
    named: true,
    tls: url.protocol === "rediss:",
    ...(ca && { ca: readFileSync(ca, "utf8") }),
    ...(username && { username }),
    ...(password && { password }),
  };
}

/** @param {string | undefined} path */
function readSecret(path) {
  return path ? readFileSync(path, "utf8").trim() : undefined;
}
