import type { ContextReport, RecallFailure } from "@redis-memory-magic/protocol";
import { type RecallPart, recallOf } from "../chat/state/context-parts.ts";
import { showMessage } from "../chat/state/message-target.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { formatCount, formatDateTime, plural } from "../ui/format.ts";

const FAILURES: Record<RecallFailure, string> = {
  unavailable: "Nothing was recalled: the session could not be searched.",
  late: "Nothing was recalled: the search took too long.",
  no_words: "Nothing was recalled: your message has no words to search for.",
};

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
    <section className="recalled" aria-label="Recalled">
      <h3>Recalled</h3>
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
        <span>{plural(hit.tokens, "token")}</span>
      </p>
      {question !== undefined && (
        <p className="recalled-text" dir="auto">
          {question.content}
        </p>
      )}
      <p className="recalled-why">
        {hit.terms.length === 0
          ? "Beside a turn that has words of your message"
          : `Has ${hit.terms.map(({ term, weight }) => `“${term}” (${weight.toFixed(1)})`).join(", ")}`}
      </p>
      <button type="button" className="button-text" onClick={() => showMessage(sessionId, first)}>
        Show in the conversation
      </button>
    </li>
  );
}

function searchText({ searched, total, matched, hits, ms, failed }: RecallPart): string {
  if (failed !== undefined) return FAILURES[failed];
  const search = `Searched ${formatCount(searched)} of ${plural(total, "message")} outside the window in ${ms.toFixed(1)} ms`;
  if (matched === 0) return `${search}. None has words of your message.`;
  return `${search}. ${formatCount(hits.length)} of ${plural(matched, "matching turn")} fit.`;
}
