/** The TTLs that the menus offer. */
export const TTL_OPTIONS = [
  { label: "an hour", seconds: 3_600 },
  { label: "a day", seconds: 86_400 },
  { label: "a week", seconds: 604_800 },
] as const;

/** Below this a session is about to expire and is marked. */
export const RUNS_OUT_SECONDS = 300;
