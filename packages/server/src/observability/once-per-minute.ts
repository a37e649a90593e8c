import { LRUCache } from "lru-cache";

const INTERVAL_MS = 60_000;
const KEYS = 1000;

/** Returns true once a minute for each key: a client that is refused again and again must not fill the log. */
export function oncePerMinute(): (key: string) => boolean {
  const logged = new LRUCache<string, true>({ max: KEYS, ttl: INTERVAL_MS });
  return (key) => {
    if (logged.has(key)) return false;
    logged.set(key, true);
    return true;
  };
}
