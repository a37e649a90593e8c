import type { Price, TotalsResponse } from "@redis-memory-magic/protocol";
import { costAt, type TokenCounts } from "./pricing.ts";
import type { ShownMessage } from "./shown-message.ts";

export interface SessionTotals extends TokenCounts {
  readonly turns: number;
  /** US dollars; null where a turn's price is not known. */
  readonly usd: number | null;
}

/** The turns of one model: a single one, or many added up. */
type ModelUsage = TotalsResponse["models"][number];
/** Returns the price of a model. */
export type PriceOf = (usage: Pick<ModelUsage, "provider" | "model">) => Price | null;

/** The turns of these messages, each once. */
export function turnsOf(messages: readonly ShownMessage[]): ModelUsage[] {
  const turns = new Map<string, ModelUsage>();
  for (const { turn } of messages) {
    if (turn?.tokens) turns.set(turn.id, { ...turn, tokens: turn.tokens, turns: 1 });
  }
  return [...turns.values()];
}

export function totalsOf(usage: readonly ModelUsage[], priceOf: PriceOf): SessionTotals {
  let totals: SessionTotals = { turns: 0, sent: 0, cached: 0, output: 0, usd: 0 };
  for (const { turns, tokens, ...by } of usage) {
    const price = priceOf(by);
    totals = {
      turns: totals.turns + turns,
      sent: totals.sent + tokens.sent,
      cached: totals.cached + tokens.cached,
      output: totals.output + tokens.output,
      usd: price === null || totals.usd === null ? null : totals.usd + costAt(price, tokens),
    };
  }
  return totals;
}
