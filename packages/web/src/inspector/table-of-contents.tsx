import type { ContextReport } from "@redis-memory-magic/protocol";
import { showMessage } from "../chat/state/message-target.ts";
import { t } from "../texts/texts.ts";

interface TableOfContentsProps {
  sessionId: string;
  report: ContextReport;
}

/** What was sent in place of the messages outside the window: their first words. */
export function TableOfContents({ sessionId, report }: TableOfContentsProps) {
  const summary = report.parts.find((part) => part.kind === "summary");
  if (summary === undefined) return null;
  const { entries, failed } = summary;
  const texts = t.strategies.contents;
  return (
    <section className="recalled contents" aria-label={texts.name}>
      <h3>{texts.name}</h3>
      {entries.length > 0 && (
        <ol>
          {entries.map(({ message_id, text }) => (
            <li key={message_id}>
              <button
                type="button"
                className="button-text"
                dir="auto"
                title={t.inspector.recalled.show}
                onClick={() => showMessage(sessionId, message_id)}
              >
                {text}
              </button>
            </li>
          ))}
        </ol>
      )}
      <p className="recalled-search">
        {failed === undefined ? (entries.length > 0 ? texts.about : texts.none) : texts.failures[failed]}
      </p>
    </section>
  );
}
