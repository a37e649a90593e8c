import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { explain, Interrupted } from "../../base/failure.mjs";
import { withLock } from "../../base/lock.mjs";
import type { Terminal } from "../../base/terminal.mjs";
import { forgetRedis, recordRedis, shareEarlierRedis } from "./earlier-redis.ts";
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from "./private-redis.ts";

const RESTARTS = 5;
const REDIS_PORT = 6379;

export interface KeptRedis {
  readonly url: string;
  readonly port: number;
  /** It is the one of another start of this clone, and ends with that. */
  readonly isShared: boolean;
  readonly end: () => Promise<void>;
}

/**
 * Starts the private Redis on its data folder, and starts it again should it end by itself; the server then finds it
 * where it was. If another start of this clone was faster, that one's is shared: two must never work on one folder.
 */
export async function keepRedis(
  options: Pick<PrivateRedisOptions, "binary" | "folder"> & { readonly signal: AbortSignal },
  terminal: Terminal,
): Promise<KeptRedis> {
  let ending = false;

  const startOn = async (port: number): Promise<PrivateRedis> => {
    const started = await startPrivateRedis({ ...options, persistent: true, preferredPort: port });
    recordRedis(options.folder, started);
    return started;
  };
  mkdirSync(options.folder, { recursive: true });
  const { signal } = options;
  const found = await withLock(
    join(options.folder, "start.lock"),
    { signal },
    async () => (await shareEarlierRedis(options.folder)) ?? (await startOn(REDIS_PORT)),
  ).catch((error: unknown) => {
    throw signal.aborted ? new Interrupted() : error;
  });
  if (typeof found === "string") {
    return { url: found, port: Number(new URL(found).port), isShared: true, end: async () => {} };
  }
  let redis = found;

  const keep = async (): Promise<void> => {
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
    isShared: false,
    async end() {
      ending = true;
      recordRedis(options.folder, redis, true);
      await redis.end();
      await kept;
      forgetRedis(options.folder);
    },
  };
}
