import type { EndedTurn, TurnInfo } from "./conversations.ts";

interface Tokens {
  readonly sent: number;
  readonly cached: number;
  readonly output: number;
}

/** What the turns that one model answered took together. */
export interface ModelTotals {
  readonly provider: TurnInfo["provider"];
  readonly model: string;
  readonly turns: number;
  readonly tokens: Tokens;
}

/** A turn's tokens: as the provider reported them, else as counted here; null where nothing was sent yet. */
export function tokensOf({ tokens }: TurnInfo): Tokens | null {
  if (tokens === undefined) return null;
  const [counted, reported, cached, output] = tokens;
  return { sent: reported ?? Math.abs(counted), cached: cached ?? 0, output: output ?? 0 };
}

/**
 * Adds up the turns of a session. From their records, each time it is asked: so it holds for forks and imports, for
 * answers that a retry has replaced and for turns that nobody ended, and no turn has to keep count.
 */
export async function totalsOf(pages: AsyncIterable<readonly EndedTurn[]>): Promise<ModelTotals[]> {
  const totals = new Map<string, ModelTotals>();
  for await (const page of pages) {
    for (const { info } of page) {
      const tokens = tokensOf(info);
      if (tokens === null) continue;
      const { provider, model } = info;
      const key = `${provider} ${model}`;
      const before = totals.get(key);
      totals.set(key, {
        provider,
        model,
        turns: (before?.turns ?? 0) + 1,
        tokens: before === undefined ? tokens : sum(before.tokens, tokens),
      });
    }
  }
  return [...totals.values()];
}

const sum = (a: Tokens, b: Tokens): Tokens => ({
  sent: a.sent + b.sent,
  cached: a.cached + b.cached,
  output: a.output + b.output,
});
