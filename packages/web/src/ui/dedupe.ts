const pending = new Map<string, Promise<unknown>>();

/**
 * Runs an action once at a time for each key: a second call, such as by a double click, gets the first one's promise.
 * @param key identifies the action; equal keys must mean equal result types
 */
export function dedupe<Result>(key: string, run: () => Promise<Result>): Promise<Result> {
  const started = pending.get(key) ?? run().finally(() => pending.delete(key));
  pending.set(key, started);
  return started as Promise<Result>;
}
