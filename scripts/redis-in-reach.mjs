import { connect } from "node:net";
import { Failure } from "../packages/setup/base/failure.mjs";
import { lookupHost } from "../packages/setup/base/lookup-host.mjs";
import { noRedis, REDIS_WAYS } from "../packages/setup/base/redis-ways.mjs";

const CONNECT_MS = 2_000;

/**
 * Rejects, with the one command that helps, where no way can lead to a Redis. Downloads nothing: a way that may work is
 * tried by the second stage.
 * @param {"product" | "server"} kind `product`: one that is configured or running will do
 * @param {NodeJS.ProcessEnv} env
 */
export async function requireWayToRedis(kind, env) {
  if (kind === "product" && (env.REDIS_URL || env.REDIS_URL_FILE || (await listens(env)))) return;
  if (kind === "server" && env.TEST_REDIS_SERVER) return;
  const reasons = [];
  for (const { whyNot } of Object.values(REDIS_WAYS)) {
    const reason = await whyNot();
    if (!reason) return;
    reasons.push(reason);
  }
  const { message } = noRedis(reasons, kind);
  throw new Failure(`${message} Nothing was downloaded.`);
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<boolean>} */
function listens(env) {
  return new Promise((resolve) => {
    const socket = connect({
      host: env.REDIS_HOST || "localhost",
      port: Number(env.REDIS_PORT || 6379) || 0,
      lookup: lookupHost,
    });
    const settle = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_MS, () => settle(false));
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
