import type { ContextReport } from "@redis-memory-magic/protocol";
import { countSent } from "../chat/state/memory-line.ts";
import { FREE, type Pricing } from "../chat/state/use-pricing.ts";
import { formatCount } from "../ui/format.ts";
import type { InspectorSubject } from "./inspector-panel.tsx";

interface FiguresProps {
  report: ContextReport;
  subject: InspectorSubject;
  pricing: Pricing;
}

/** The report's main figures. */
export function Figures({ report, subject, pricing }: FiguresProps) {
  const { tokens, left_out, context_window } = report;
  const isNext = subject.kind === "next";
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
        label={`tokens ${isNext ? "to send" : "sent"}${tokens.estimated ? ", estimated" : ""}`}
      />
      <Figure
        value={formatCount(countSent(report))}
        label={countSent(report) === 1 ? "message" : "messages"}
      />
      <Figure value={formatCount(stayed)} label="stored but not sent" />
      <Figure value={formatCount(context_window)} label={`window of ${subject.model}`} />
      {cost !== null && cost !== FREE && (
        <Figure
          value={cost}
          label={`${isNext ? "to send it" : "in all"}${pricing.as ? `, as ${pricing.as}` : ""}`}
        />
      )}
      {tokens.reported !== null && (
        <Figure value={formatCount(tokens.reported)} label="tokens the model read" />
      )}
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
