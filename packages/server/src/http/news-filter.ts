import { LruMap } from "../chat/lru-map.ts";

// Who is refused may go on asking, as fast as he can: a line for each would fill the disk.
const TOLD_AGAIN_MS = 60_000;
const REMEMBERED = 1000;

/** Whether something was not told in the last minute. */
export function newsFilter(): (what: string) => boolean {
  const toldAt = new LruMap<number>(REMEMBERED);
  return (what) => {
    const now = performance.now();
    if (now - (toldAt.get(what) ?? Number.NEGATIVE_INFINITY) < TOLD_AGAIN_MS) return false;
    toldAt.set(what, now);
    return true;
  };
}
