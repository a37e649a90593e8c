/** What a run has measured. */
export interface Measured {
  readonly turnsPerUserAndSecond: number;
  readonly sessionsPerUserAndSecond: number;
  /** Answers that are being written at once, for each user. */
  readonly openPerUser: number;
  readonly serverCpuSecondsPerTurn: number;
  readonly redisCpuSecondsPerTurn: number;
  /** Of a process, with the answers that it was writing. */
  readonly serverBytes: number;
  readonly redisBytesPerSession: number;
  /** How long a session stays in Redis after its last use. */
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

/** A core that is busier than this answers late. */
export const BUSY = 0.6;
/** Redis with its buffers and what its memory's fragmentation takes. */
export const OVERHEAD = 1.5;

/** What an answer that is being written takes, with its two connections: `npm run bench:turns`. */
export const STREAM_BYTES = 72_000;

/** What so many users need, if each goes on to need what each of the run's needed. */
export function sizeFor(users: number, measured: Measured): Sizing {
  const turnsPerSecond = users * measured.turnsPerUserAndSecond;
  const openStreams = users * measured.openPerUser;
  // A process of the server uses one core, and so does a shard of Redis.
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
