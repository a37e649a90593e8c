import { useEffect, useState } from "react";

/** Returns the time by `clock`, updated every `ms`. */
export function useNow(ms: number, clock: () => number = Date.now): number {
  const [now, setNow] = useState(clock);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock()), ms);
    return () => clearInterval(timer);
  }, [ms, clock]);
  return now;
}
