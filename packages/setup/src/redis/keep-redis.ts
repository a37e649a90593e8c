import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { explain, Failure, Interrupted } from "../../base/failure.mjs";
import { withLock } from "../../base/lock.mjs";
import type { Terminal } from "../../base/terminal.mjs";
import { forgetRedis, recordRedis, shareEarlierRedis } from "./earlier-redis.ts";
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from "./private-redis.ts";

const RESTARTS = 5;

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
  options: Pick<PrivateRedisOptions, "binary" | "folder"> & {
    readonly port: number;
    readonly signal: AbortSignal;
  },
  terminal: Terminal,
): Promise<KeptRedis> {
  const { signal, folder } = options;
  let ending = false;
  let isLost = false;

  const shareOrStart = (port: number): Promise<PrivateRedis | string> =>
    withLock(join(folder, "start.lock"), { signal }, async () => {
      const earlier = await shareEarlierRedis(folder, signal);
      if (earlier !== undefined) return earlier;
      const onSpawned = (spawned: { pid: number; port: number }) => recordRedis(folder, spawned);
      return startPrivateRedis({ ...options, persistent: true, preferredPort: port, onSpawned });
    });
  mkdirSync(folder, { recursive: true });
  const found = await shareOrStart(options.port).catch((error: unknown) => {
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
      const next = await shareOrStart(redis.port);
      if (typeof next === "string") {
        isLost = true;
        throw new Failure(`another start of this clone has started it at ${next}. Start this one again.`);
      }
      redis = next;
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
      if (!isLost) recordRedis(folder, redis, true);
      await redis.end();
      await kept;
      forgetRedis(folder);
    },
  };
}
