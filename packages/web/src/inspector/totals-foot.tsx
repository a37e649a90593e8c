import type { SessionTotals } from "../chat/state/session-totals.ts";
import type { Pricing } from "../chat/state/use-pricing.ts";
import { formatCost, formatCount, plural } from "../ui/format.ts";

interface TotalsFootProps {
  totals: SessionTotals;
  isPartial: boolean;
  pricing: Pricing;
}

/** The session's totals, always in view. */
export function TotalsFoot({ totals, isPartial, pricing }: TotalsFootProps) {
  const cost = totals.usd === null ? null : totals.usd === 0 ? "free" : formatCost(totals.usd);
  return (
    <footer className="inspector-foot figures">
      <p className="dotted">
        <span>
          {isPartial ? `Newest ${plural(totals.turns, "turn")}` : `Session: ${plural(totals.turns, "turn")}`}
        </span>
        <span>{formatCount(totals.sent)} tokens sent</span>
        {totals.output > 0 && <span>{formatCount(totals.output)} answered</span>}
        {cost !== null && <span>{pricing.as === null ? cost : `${cost} as ${pricing.as}`}</span>}
      </p>
    </footer>
  );
}
