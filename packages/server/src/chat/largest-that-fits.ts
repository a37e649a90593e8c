/** Two ways to count the tokens of a text. */
export interface CountFunctions {
  /** Returns the number that the context report has. It is exact if the model has a tokenizer; that can take a request. */
  readonly count: (text: string) => Promise<number>;
  /** Returns an estimate, without waiting. */
  readonly estimate: (text: string) => number;
}

interface Fitting<Entry> {
  readonly kept: readonly Entry[];
  readonly block: string;
}

/**
 * Returns as many of the first entries as fit by `count`. They are chosen by the estimate. If `count` then finds too many
 * tokens, they are chosen again with a limit that is lower by the estimate's error, so that few counts are needed.
 * @param blockOf the text that entries become; what it is without entries is returned even if it does not fit
 */
export async function largestThatFits<Entry>(
  entries: readonly Entry[],
  maxTokens: number,
  blockOf: (kept: readonly Entry[]) => string,
  { count, estimate }: CountFunctions,
): Promise<Fitting<Entry> & { readonly tokens: number }> {
  let fitting = firstThatFit(entries, maxTokens, blockOf, estimate);
  for (;;) {
    const { kept, block } = fitting;
    const tokens = block === "" ? 0 : await count(block);
    if (tokens <= maxTokens || kept.length === 0) return { kept, block, tokens };
    const limit = (maxTokens * estimate(block)) / tokens;
    fitting = firstThatFit(kept.slice(0, -1), limit, blockOf, estimate);
  }
}

/** Returns as many of the first entries as fit by the estimate. */
export function firstThatFit<Entry>(
  entries: readonly Entry[],
  maxTokens: number,
  blockOf: (kept: readonly Entry[]) => string,
  estimate: (text: string) => number,
): Fitting<Entry> {
  const first = (length: number): Fitting<Entry> => {
    const kept = entries.slice(0, length);
    return { kept, block: blockOf(kept) };
  };
  const fits = ({ block }: Fitting<Entry>): boolean => estimate(block) <= maxTokens;
  const all = first(entries.length);
  if (fits(all)) return all;
  let best = first(0);
  let tooMany = entries.length;
  while (tooMany - best.kept.length > 1) {
    const middle = first(Math.floor((best.kept.length + tooMany) / 2));
    if (fits(middle)) best = middle;
    else tooMany = middle.kept.length;
  }
  return best;
}
