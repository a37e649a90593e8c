import { Store } from "../ui/store.ts";

/** Whether the last request that needed Redis reached it, as far as the server's answers say. */
export const redisState = new Store<{ readonly isAway: boolean }>({ isAway: false });

export function setRedisAway(isAway: boolean): void {
  if (redisState.get().isAway !== isAway) redisState.update({ isAway });
}
