import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { totalsOf, turnsOf } from "../chat/state/session-totals.ts";
import type { Pricing } from "../chat/state/use-pricing.ts";
import { formatCost, formatCount } from "../texts/format.ts";
import { t } from "../texts/later.ts";
import { cumulativeTokens, type Lane, laneName } from "./lane.ts";

const WIDTH = 300;
const HEIGHT = 90;

interface CompareChartProps {
  lanes: readonly Lane[];
  providers: readonly ProviderStatus[];
  pricing: Pricing;
}

/**
 * Draws the cumulative tokens sent, one line for each lane, with a table of the figures. The parent renders it
 * again when a lane changes.
 */
export function CompareChart({ lanes, providers, pricing }: CompareChartProps) {
  const rows = lanes.map((lane) => ({ lane, messages: lane.conversation.store.get().messages }));
  const sums = rows.map(({ messages }) => cumulativeTokens(messages));
  const turns = Math.max(1, ...sums.map((sum) => sum.length));
  const most = Math.max(1, ...sums.map((sum) => sum.at(-1) ?? 0));
  return (
    <section className="compare-chart" aria-label={t.compare.tokensSent}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t.compare.chart}>
        <path className="compare-axis" d={`M0 0V${HEIGHT}H${WIDTH}`} />
        {sums.map((sum, index) => (
          <polyline
            key={rows[index]?.lane.key}
            data-lane={index}
            points={[0, ...sum]
              .map((tokens, turn) => `${(turn / turns) * WIDTH},${HEIGHT - (tokens / most) * (HEIGHT - 4)}`)
              .join(" ")}
          />
        ))}
      </svg>
      <table className="figures">
        <thead>
          <tr>
            <th scope="col">{t.compare.lane}</th>
            <th scope="col">{t.compare.tokensSent}</th>
            <th scope="col">{pricing.withModel(t.compare.cost)}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ lane, messages }, index) => {
            const { sent, usd } = totalsOf(turnsOf(messages), pricing.price);
            return (
              <tr key={lane.key}>
                <th scope="row">
                  <svg className="compare-key" viewBox="0 0 20 6" aria-hidden="true">
                    <polyline data-lane={index} points="0,3 20,3" />
                  </svg>
                  {laneName(lane, providers)}
                </th>
                <td>{formatCount(sent)}</td>
                <td>{usd === null ? t.compare.notKnown : usd === 0 ? t.common.free : formatCost(usd)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
