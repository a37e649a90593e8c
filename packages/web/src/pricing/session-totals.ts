import type { Price } from "@redis-memory-magic/protocol";
import type { ShownMessage, TurnInfo } from "../conversation/shown-message.ts";
import { costAt, type TokenCounts } from "./pricing.ts";

export interface SessionTotals extends TokenCounts {
  readonly turns: number;
  /** US dollars; null where a turn's price is not known. */
  readonly usd: number | null;
}

/** What the turns of these messages took together; `priceOf` is what a turn's tokens cost. */
export function totalsOf(
  messages: readonly ShownMessage[],
  priceOf: (turn: TurnInfo) => Price | null,
): SessionTotals {
  const turns = new Map(messages.flatMap(({ turn }) => (turn?.tokens ? [[turn.id, turn]] : [])));
  let totals: SessionTotals = { turns: turns.size, sent: 0, cached: 0, output: 0, usd: 0 };
  for (const turn of turns.values()) {
    const tokens = turn.tokens ?? { sent: 0, cached: 0, output: 0 };
    const price = priceOf(turn);
    totals = {
      turns: totals.turns,
      sent: totals.sent + tokens.sent,
      cached: totals.cached + tokens.cached,
      output: totals.output + tokens.output,
      usd: price === null || totals.usd === null ? null : totals.usd + costAt(price, tokens),
    };
  }
  return totals;
}
