import type { ContextReport } from "@redis-memory-magic/protocol";
import { formatCount, formatDuration, formatTenths } from "../texts/format.ts";
import { t } from "../texts/texts.ts";

const formatRate = (perSecond: number): string =>
  perSecond < 100 ? formatTenths(perSecond) : formatCount(perSecond);

/** Duration and size of the answer. */
export function TurnTimes({ report: { times, tokens } }: { report: ContextReport }) {
  const { times: texts } = t.inspector;
  const rows: [string, string | null][] = [
    [texts.first, times.first_token_ms === null ? null : formatDuration(times.first_token_ms)],
    [texts.total, times.total_ms === null ? null : formatDuration(times.total_ms)],
    [texts.rate, times.tokens_per_second === null ? null : formatRate(times.tokens_per_second)],
    [texts.output, tokens.output === null ? null : formatCount(tokens.output)],
    [texts.cached, tokens.cached === null ? null : t.common.tokens(tokens.cached)],
  ];
  const known = rows.filter(([, value]) => value !== null);
  if (known.length === 0) return null;
  return (
    <section className="facts" aria-label={texts.name}>
      <h3>{texts.title}</h3>
      <dl className="figures">
        {known.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
