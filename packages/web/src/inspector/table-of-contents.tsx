import type { ContextReport, NoSummary } from "@redis-memory-magic/protocol";
import { showMessage } from "../chat/state/message-target.ts";
import { formatDateTime } from "../texts/format.ts";
import { t } from "../texts/later.ts";

interface TableOfContentsProps {
  sessionId: string;
  report: ContextReport;
}

/** What was sent in place of the messages outside the window: a model's summary, and the first words of those since. */
export function TableOfContents({ sessionId, report }: TableOfContentsProps) {
  const summary = report.parts.find((part) => part.kind === "summary");
  if (summary === undefined) return null;
  const { entries, failed, summary: written, no_summary: reason } = summary;
  const texts = t.contents;
  const isEmpty = entries.length === 0 && written === undefined;
  const title = written && texts.summary(written.model);
  return (
    <section className="recalled contents" aria-label={title ?? texts.name}>
      {written && (
        <>
          <h3>{title}</h3>
          <blockquote dir="auto">{written.text}</blockquote>
          <p className="recalled-search">
            {texts.provenance(written.covers, formatDateTime(written.created_at))}
          </p>
        </>
      )}
      {(entries.length > 0 || written === undefined) && <h3>{texts.name}</h3>}
      {entries.length > 0 && (
        <ol>
          {entries.map(({ message_id, text }) => (
            <li key={message_id}>
              <button
                type="button"
                className="button-text"
                dir="auto"
                title={t.recalled.show}
                onClick={() => showMessage(sessionId, message_id)}
              >
                {text}
              </button>
            </li>
          ))}
        </ol>
      )}
      {(entries.length > 0 || isEmpty) && (
        <p className="recalled-search">
          {failed === undefined ? (isEmpty ? texts.none : texts.about) : texts.failures[failed]}
        </p>
      )}
      {reason && <p className="recalled-search">{noSummaryText(reason)}</p>}
    </section>
  );
}

function noSummaryText(reason: NoSummary): string {
  const texts: Partial<Record<NoSummary, string>> = t.contents.noSummary;
  return texts[reason] ?? t.contents.refused;
}
