/** What a run measured. */
export interface Measured {
  readonly turnsPerUserAndSecond: number;
  readonly sessionsPerUserAndSecond: number;
  /** Answers streaming at once, per user. */
  readonly openPerUser: number;
  readonly serverCpuSecondsPerTurn: number;
  readonly redisCpuSecondsPerTurn: number;
  /** Resident memory of a process, with the answers that were streaming. */
  readonly serverBytes: number;
  readonly redisBytesPerSession: number;
  /** A session's TTL after its last use. */
  readonly ttlSeconds: number;
}

export interface Sizing {
  readonly turnsPerSecond: number;
  readonly openStreams: number;
  readonly serverCores: number;
  readonly serverBytes: number;
  readonly sessions: number;
  readonly redisCores: number;
  readonly redisShards: number;
  readonly redisBytes: number;
}

/** Above this share a core answers late. */
export const BUSY = 0.6;
/** Redis' memory divided by its data: buffers and fragmentation. */
export const OVERHEAD = 1.5;

/** Memory of a running answer with its two connections, by `npm run bench:turns`. */
export const STREAM_BYTES = 72_000;

/** Returns what `users` users need if each needs as much as each user of the run. */
export function sizeFor(users: number, measured: Measured): Sizing {
  const turnsPerSecond = users * measured.turnsPerUserAndSecond;
  const openStreams = users * measured.openPerUser;
  // A process of the server uses one core, and a shard of Redis too.
  const serverCores = Math.ceil((turnsPerSecond * measured.serverCpuSecondsPerTurn) / BUSY);
  const redisCores = (turnsPerSecond * measured.redisCpuSecondsPerTurn) / BUSY;
  const sessions = users * (1 + measured.sessionsPerUserAndSecond * measured.ttlSeconds);
  return {
    turnsPerSecond,
    openStreams,
    serverCores,
    serverBytes: serverCores * measured.serverBytes + openStreams * STREAM_BYTES,
    sessions,
    redisCores,
    redisShards: Math.ceil(redisCores),
    redisBytes: sessions * measured.redisBytesPerSession * OVERHEAD,
  };
}
