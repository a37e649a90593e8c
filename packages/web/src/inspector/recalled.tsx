import type { ContextReport } from "@redis-memory-magic/protocol";
import { type RecallPart, recallOf } from "../chat/state/context-parts.ts";
import { showMessage } from "../chat/state/message-target.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { formatDateTime, formatTenths } from "../texts/format.ts";
import { t } from "../texts/texts.ts";

interface RecalledProps {
  sessionId: string;
  report: ContextReport;
  /** The loaded messages of the session. */
  messages: readonly ShownMessage[];
}

/** What was recalled from outside the window, and why. */
export function Recalled({ sessionId, report, messages }: RecalledProps) {
  const recall = recallOf(report);
  if (recall === undefined) return null;
  return (
    <section className="recalled" aria-label={t.inspector.recalled.name}>
      <h3>{t.inspector.recalled.name}</h3>
      {recall.hits.length > 0 && (
        <ol>
          {recall.hits.map((hit) => (
            <Hit key={hit.message_ids.join()} sessionId={sessionId} hit={hit} messages={messages} />
          ))}
        </ol>
      )}
      <p className="recalled-search figures">{searchText(recall)}</p>
    </section>
  );
}

interface HitProps extends Pick<RecalledProps, "sessionId" | "messages"> {
  hit: RecallPart["hits"][number];
}

function Hit({ sessionId, hit, messages }: HitProps) {
  const [first = ""] = hit.message_ids;
  const question = messages.find(({ id }) => id === first);
  return (
    <li>
      <p className="recalled-head figures">
        <span>{formatDateTime(hit.created_at)}</span>
        <span>{t.common.tokens(hit.tokens)}</span>
      </p>
      {question !== undefined && (
        <p className="recalled-text" dir="auto">
          {question.content}
        </p>
      )}
      <p className="recalled-why">
        {hit.terms.length === 0
          ? t.inspector.recalled.neighbour
          : t.inspector.recalled.has(
              hit.terms.map(({ term, weight }) => `“${term}” (${formatTenths(weight)})`).join(", "),
            )}
      </p>
      <button type="button" className="button-text" onClick={() => showMessage(sessionId, first)}>
        {t.inspector.recalled.show}
      </button>
    </li>
  );
}

function searchText({ searched, total, matched, hits, ms, failed }: RecallPart): string {
  const texts = t.inspector.recalled;
  if (failed !== undefined) return texts.failures[failed];
  const search = texts.searched(searched, total, formatTenths(ms));
  return `${search} ${matched === 0 ? texts.noneMatched : texts.fit(hits.length, matched)}`;
}
