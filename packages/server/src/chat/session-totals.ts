import type { EndedTurn } from "./stored-session.ts";
import type { TurnInfo } from "./turn-info.ts";

interface Tokens {
  readonly sent: number;
  readonly cached: number;
  readonly output: number;
}

/** The sums of the turns that one model answered. */
export interface ModelTotals {
  readonly provider: TurnInfo["provider"];
  readonly model: string;
  readonly turns: number;
  readonly tokens: Tokens;
}

/** A turn's tokens: as the provider reported them, else as counted here. Null: nothing was sent yet. */
export function tokensOf({ tokens }: TurnInfo): Tokens | null {
  if (tokens === undefined) return null;
  const { counted, reported, cached, output } = tokens;
  return { sent: reported ?? counted, cached: cached ?? 0, output: output ?? 0 };
}

/**
 * Adds up the turns of a session from their records. No total is stored, so it is right for forks and imports, and
 * counts answers that a retry has replaced.
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
