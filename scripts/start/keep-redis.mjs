import { forgetRedis, recordRedis } from "../setup/earlier-redis.mjs";
import { explain } from "../setup/failure.mjs";
import { startPrivateRedis } from "../setup/private-redis.mjs";

const RESTARTS = 5;

/**
 * Starts the private Redis on its data folder, and starts it again should it end by itself; the server then finds it
 * where it was.
 * @param {{ binary: string, folder: string, preferredPort: number, signal: AbortSignal }} options
 * @param {import("../setup/terminal.mjs").Terminal} terminal
 * @returns {Promise<{ url: string, port: number, end: () => Promise<void> }>}
 */
export async function keepRedis({ preferredPort, ...options }, terminal) {
  let ending = false;

  /** @param {number} port */
  const startOn = async (port) => {
    const started = await startPrivateRedis({ ...options, persistent: true, preferredPort: port });
    recordRedis(options.folder, started);
    return started;
  };
  let redis = await startOn(preferredPort);

  const keep = async () => {
    for (let restarts = 0; restarts < RESTARTS; restarts++) {
      const how = await redis.ended;
      if (ending) return;
      terminal.note("Redis", `The private Redis ${how}. It is started again.`);
      redis = await startOn(redis.port);
    }
  };
  const kept = keep().catch((error) => {
    if (!ending) terminal.note("Redis", `It stays away: ${explain(error)}`);
  });

  return {
    url: redis.url,
    port: redis.port,
    async end() {
      ending = true;
      recordRedis(options.folder, redis, true);
      await redis.end();
      await kept;
      forgetRedis(options.folder);
    },
  };
}
