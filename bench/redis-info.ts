/** Returns the version in what Redis or Valkey answers to `INFO server`. */
export const redisVersion = (info = ""): string | undefined =>
  /(?:redis|valkey)_version:(\S+)/.exec(info)?.[1];

/** Returns the seconds of CPU that a server has used, of what it answers to `INFO cpu`. */
export const redisCpuSeconds = (info: string): number =>
  [...info.matchAll(/^used_cpu_(?:user|sys):(\S+)/gm)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
