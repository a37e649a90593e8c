import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { totalsOf, turnsOf } from "../chat/state/session-totals.ts";
import type { Pricing } from "../chat/state/use-pricing.ts";
import { formatCost, formatCount, formatShare } from "../texts/format.ts";
import { t } from "../texts/later.ts";
import { cumulativeTokens, type Lane, laneName } from "./lane.ts";
import { spreadLabels } from "./spread-labels.ts";

const WIDTH = 420;
const HEIGHT = 130;
/** The lines' own area; beside it the scales and the last values. */
const LEFT = 44;
const RIGHT = 366;
const TOP = 12;
const BOTTOM = 104;
const LABEL_HEIGHT = 12;

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
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard.
    <section className="compare-chart" tabIndex={0} aria-labelledby="compare-chart">
      <h2 id="compare-chart">{t.compare.chart}</h2>
      <Lines sums={rows.map(({ messages }) => cumulativeTokens(messages))} />
      <table className="figures">
        <thead>
          <tr>
            <th scope="col">{t.compare.lane}</th>
            <th scope="col">{t.compare.tokensSent}</th>
            <th scope="col">{t.compare.cached}</th>
            <th scope="col">{pricing.withModel(t.compare.cost)}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ lane, messages }, index) => {
            const { sent, cached, usd } = totalsOf(turnsOf(messages), pricing.price);
            return (
              <tr key={lane.key}>
                <th scope="row">
                  <svg className="compare-key" viewBox="0 0 20 6" aria-hidden="true">
                    <polyline data-lane={index} points="0,3 20,3" />
                  </svg>
                  {laneName(lane, providers)}
                </th>
                <td>{formatCount(sent)}</td>
                <td>{cached === 0 ? t.compare.noneCached : formatShare(cached / sent)}</td>
                <td>{usd === null ? t.compare.notKnown : usd === 0 ? t.common.free : formatCost(usd)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** The lines, with tokens upwards and turns to the right. The table beside them has the same values. */
function Lines({ sums }: { sums: readonly number[][] }) {
  const turns = Math.max(1, ...sums.map((sum) => sum.length));
  const most = Math.max(1, ...sums.map((sum) => sum.at(-1) ?? 0));
  const xOf = (turn: number) => LEFT + (turn / turns) * (RIGHT - LEFT);
  const yOf = (tokens: number) => BOTTOM - (tokens / most) * (BOTTOM - TOP);
  const ends = spreadLabels(
    sums.map((sum) => yOf(sum.at(-1) ?? 0)),
    LABEL_HEIGHT,
  );
  return (
    <svg className="figures" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path className="compare-axis" d={`M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}`} />
      <text className="compare-scale" x={LEFT - 6} y={TOP + 4} textAnchor="end">
        {formatCount(most)}
      </text>
      <text className="compare-scale" x={LEFT - 6} y={BOTTOM + 4} textAnchor="end">
        0
      </text>
      <text className="compare-scale" x={RIGHT} y={HEIGHT - 10} textAnchor="end">
        {t.compare.turns(turns)}
      </text>
      {sums.map((sum, index) => {
        const last = sum.at(-1);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a lane's line is known by its place.
          <g key={index} data-lane={index}>
            <polyline
              data-lane={index}
              points={[0, ...sum].map((tokens, turn) => `${xOf(turn)},${yOf(tokens)}`).join(" ")}
            />
            {last !== undefined && (
              <text x={xOf(sum.length) + 5} y={(ends[index] ?? 0) + 4}>
                {formatCount(last)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
