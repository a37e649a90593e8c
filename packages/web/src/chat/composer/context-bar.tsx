import type { ContextReport } from "@redis-memory-magic/protocol";
import { formatCount } from "../../texts/format.ts";
import { t } from "../../texts/texts.ts";
import { contextParts } from "../state/context-parts.ts";
import "./context-bar.css";

/** The context window as one bar: what is sent by kind, what is kept for the answer, and what is free. */
export function ContextBar({ report, hasLegend = false }: { report: ContextReport; hasLegend?: boolean }) {
  const parts = contextParts(report).filter(({ tokens }) => tokens > 0);
  const labelOf = ({ kind, tokens, writtenBy, hasContents = false }: (typeof parts)[number]) =>
    `${formatCount(tokens)} ${
      writtenBy === undefined ? t.contextBar.parts[kind] : t.contextBar.summary(writtenBy, hasContents)
    }`;
  const text = parts.map(labelOf).join(", ");
  return (
    <>
      <span
        className="context-bar"
        role="img"
        title={text}
        aria-label={t.contextBar.label(report.context_window, text)}
      >
        {parts.map(({ kind, tokens }) => (
          <span key={kind} data-kind={kind} style={{ flexGrow: tokens }} />
        ))}
      </span>
      {hasLegend && (
        <ul className="context-legend figures">
          {parts.map((part) => (
            <li key={part.kind} data-kind={part.kind}>
              {labelOf(part)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
