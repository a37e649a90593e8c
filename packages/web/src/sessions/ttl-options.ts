/** Lives that a session can be given by one click. */
export const TTL_OPTIONS = [
  { words: "an hour", seconds: 3_600 },
  { words: "a day", seconds: 86_400 },
  { words: "a week", seconds: 604_800 },
] as const;

/** With less than this left a session is about to expire, and says so. */
export const RUNS_OUT_SECONDS = 300;
