/** The TTLs that the menus offer. */
export const TTL_OPTIONS = [
  { name: "hour", seconds: 3_600 },
  { name: "day", seconds: 86_400 },
  { name: "week", seconds: 604_800 },
] as const;

/** Below this a session is about to expire and is marked. */
export const RUNS_OUT_SECONDS = 300;
