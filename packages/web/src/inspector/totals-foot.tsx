import type { SessionTotals } from "../chat/state/session-totals.ts";
import type { Pricing } from "../chat/state/use-pricing.ts";
import { formatCost } from "../texts/format.ts";
import { t } from "../texts/texts.ts";

interface TotalsFootProps {
  totals: SessionTotals;
  isPartial: boolean;
  pricing: Pricing;
}

/** The session's totals, always in view. */
export function TotalsFoot({ totals, isPartial, pricing }: TotalsFootProps) {
  const { totals: texts } = t.inspector;
  const cost = totals.usd === null ? null : totals.usd === 0 ? t.common.free : formatCost(totals.usd);
  return (
    <footer className="inspector-foot figures">
      <p className="dotted">
        <span>{isPartial ? texts.newest(totals.turns) : texts.session(totals.turns)}</span>
        <span>{texts.sent(totals.sent)}</span>
        {totals.output > 0 && <span>{texts.received(totals.output)}</span>}
        {cost !== null && <span>{pricing.withModel(cost)}</span>}
      </p>
    </footer>
  );
}
