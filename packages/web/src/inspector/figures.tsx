import type { ContextReport } from "@redis-memory-magic/protocol";
import { countSent } from "../chat/state/memory-line.ts";
import type { Pricing } from "../chat/state/use-pricing.ts";
import { formatCount } from "../texts/format.ts";
import { t } from "../texts/texts.ts";
import type { InspectorSubject } from "./inspector-panel.tsx";

interface FiguresProps {
  report: ContextReport;
  subject: InspectorSubject;
  pricing: Pricing;
}

/** The report's main figures. */
export function Figures({ report, subject, pricing }: FiguresProps) {
  const { tokens, left_out, context_window } = report;
  const { kind } = subject;
  const { figures: label } = t.inspector;
  const sent = countSent(report);
  const stayed = left_out.reduce((sum, { messages }) => sum + messages, 0);
  const counts = {
    sent: tokens.reported ?? tokens.counted,
    cached: tokens.cached ?? 0,
    output: tokens.output ?? 0,
  };
  const cost = pricing.format(subject, counts);
  return (
    <dl className="figures-grid figures">
      <Figure
        value={formatCount(tokens.counted)}
        label={tokens.estimated ? label.estimated(label.tokens[kind]) : label.tokens[kind]}
      />
      <Figure value={formatCount(sent)} label={label.messages(sent)} />
      <Figure value={formatCount(stayed)} label={label.notSent} />
      <Figure value={formatCount(context_window)} label={label.window(subject.model)} />
      {cost !== null && cost !== t.common.free && (
        <Figure
          value={cost}
          label={pricing.as === null ? label.cost[kind] : label.costAs(label.cost[kind], pricing.as)}
        />
      )}
      {tokens.reported !== null && <Figure value={formatCount(tokens.reported)} label={label.read} />}
    </dl>
  );
}

function Figure({ value, label }: { value: string; label: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
