import type { ContextReport } from "@redis-memory-magic/protocol";
import { formatCount } from "../../ui/format.ts";
import { type ContextPart, contextParts } from "../state/context-parts.ts";
import "./context-bar.css";

const LABELS: Record<ContextPart["kind"], string> = {
  system: "system prompt",
  notes: "notes",
  window: "history",
  recall: "recalled",
  message: "your message",
  answer: "kept for the answer",
  free: "free",
};

/** The context window as one bar: what is sent by kind, what is kept for the answer, and what is free. */
export function ContextBar({ report, hasLegend = false }: { report: ContextReport; hasLegend?: boolean }) {
  const parts = contextParts(report).filter(({ tokens }) => tokens > 0);
  const text = parts.map(({ kind, tokens }) => `${formatCount(tokens)} ${LABELS[kind]}`).join(", ");
  return (
    <>
      <span
        className="context-bar"
        role="img"
        title={text}
        aria-label={`Context window of ${formatCount(report.context_window)} tokens: ${text}`}
      >
        {parts.map(({ kind, tokens }) => (
          <span key={kind} data-kind={kind} style={{ flexGrow: tokens }} />
        ))}
      </span>
      {hasLegend && (
        <ul className="context-legend figures">
          {parts.map(({ kind, tokens }) => (
            <li key={kind} data-kind={kind}>
              {formatCount(tokens)} {LABELS[kind]}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
