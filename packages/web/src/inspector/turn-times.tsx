import type { ContextReport } from "@redis-memory-magic/protocol";
import { formatCount, formatDuration } from "../ui/format.ts";

const formatRate = (perSecond: number): string =>
  perSecond < 100 ? perSecond.toFixed(1) : formatCount(perSecond);

/** Duration and size of the answer. */
export function TurnTimes({ report: { times, tokens } }: { report: ContextReport }) {
  const rows: [string, string | null][] = [
    ["To the first word", times.first_token_ms === null ? null : formatDuration(times.first_token_ms)],
    ["In all", times.total_ms === null ? null : formatDuration(times.total_ms)],
    ["Tokens a second", times.tokens_per_second === null ? null : formatRate(times.tokens_per_second)],
    ["Tokens of the answer", tokens.output === null ? null : formatCount(tokens.output)],
    [
      "Read from the provider's cache",
      tokens.cached === null ? null : `${formatCount(tokens.cached)} tokens`,
    ],
  ];
  const known = rows.filter(([, value]) => value !== null);
  if (known.length === 0) return null;
  return (
    <section className="facts" aria-label="Times">
      <h3>The answer</h3>
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
