import { shareEarlierRedis } from "./earlier-redis.mjs";
import { Failure } from "./failure.mjs";
import { probeRedis } from "./probe-redis.mjs";
import { redisAddress } from "./redis-address.mjs";
import { obtainRedis } from "./redis-binary.mjs";

/**
 * @typedef {{ kind: "running", said: string, url?: string }
 *   | { kind: "private", binary: import("./redis-binary.mjs").RedisBinary }} Choice
 *   `running`: the server finds it by the same environment, unless a `url` is given; `private`: one is to be started
 */

/**
 * Which Redis it will be: the one of REDIS_URL, else one that answers on REDIS_HOST:REDIS_PORT, else a private one.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} folder the data of a private one
 * @param {import("./redis-binary.mjs").Context} context
 * @param {{ probe?: typeof probeRedis, obtain?: typeof obtainRedis }} [options]
 * @returns {Promise<Choice>} rejects with a `Failure`
 */
export async function chooseRedis(env, folder, context, { probe = probeRedis, obtain = obtainRedis } = {}) {
  const address = redisAddress(env);
  if (!address) return { kind: "running", said: "as the environment says" };

  // First, as an orphan on the usual port would be taken for somebody's.
  const shared = await shareEarlierRedis(folder);
  const { state, reason } = await probe(address);
  const byUrl = Boolean(env.REDIS_URL || env.REDIS_URL_FILE);
  if (state === "ready") return { kind: "running", said: `${reason} at ${address.shown}` };
  if (state === "refused" && address.named) {
    const correct = byUrl ? "REDIS_URL" : "REDIS_PASSWORD";
    throw new Failure(
      `The Redis at ${address.shown} cannot be used: ${reason}. Correct ${correct}, then start again.`,
    );
  }
  if (state === "old" && address.named) {
    throw new Failure(
      `${reason} at ${address.shown} is too old: 6.2 or newer is needed. Name another by REDIS_URL.`,
    );
  }
  if (byUrl) {
    throw new Failure(
      `No Redis answers at ${address.shown}, which REDIS_URL names: ${reason}. Start it, correct REDIS_URL, or remove it to get a private Redis.`,
    );
  }
  // Whoever named an address, or has a Redis that does not fit, should know that it is not the one in use.
  if (address.named || state !== "away") {
    context.terminal.note("Redis", passedOver(state, reason, address.shown));
  }
  if (shared)
    return { kind: "running", url: shared, said: "the private one of the npm start that runs already" };
  return { kind: "private", binary: await obtain(context) };
}

/** @param {string} state @param {string} reason @param {string} shown */
function passedOver(state, reason, shown) {
  if (state === "refused")
    return `The one at ${shown} is not used: ${reason}. To use it, set REDIS_PASSWORD.`;
  if (state === "old") return `The one at ${shown} is not used: ${reason} is older than 6.2.`;
  return `None answers at ${shown}: ${reason}. A private one is used.`;
}
