/** Whole seconds from `now` (ms) until an ISO time; 0 when it is past. */
export const secondsUntil = (time: string, now: number): number =>
  Math.max(0, Math.round((Date.parse(time) - now) / 1000));
