const underWay = new Map<string, Promise<unknown>>();

/**
 * Fulfils a wish once, however often it is made until it is fulfilled: a double click is one wish.
 * @param wish what it is; the same words always stand for a wish of the same kind
 */
export function dedupe<Result>(wish: string, fulfil: () => Promise<Result>): Promise<Result> {
  const started = underWay.get(wish) ?? fulfil().finally(() => underWay.delete(wish));
  underWay.set(wish, started);
  return started as Promise<Result>;
}
