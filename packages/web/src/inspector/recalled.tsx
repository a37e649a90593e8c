import type { ContextReport } from "@redis-memory-magic/protocol";
import { type RecallPart, recallOf } from "../chat/state/context-parts.ts";
import { showMessage } from "../chat/state/message-target.ts";
import { leaveOut, recallAll, useNotRecalled } from "../chat/state/not-recalled.ts";
import { sessionLink } from "../chat/state/session-id.ts";
import { formatDateTime, formatShare, formatTenths } from "../texts/format.ts";
import { t } from "../texts/later.ts";

interface RecalledProps {
  sessionId: string;
  report: ContextReport;
  /** True for the message that is not sent yet: what it recalls can be left out. */
  isNext: boolean;
  /** True if it is not written yet either. */
  isOpen: boolean;
}

/** What was recalled from outside the window and from other sessions, and why. */
export function Recalled({ sessionId, report, isNext, isOpen }: RecalledProps) {
  const leftOut = useNotRecalled(sessionId);
  const recall = recallOf(report);
  if (recall === undefined) return null;
  return (
    <section className="recalled" aria-label={t.recalled.name}>
      <h3>{t.recalled.name}</h3>
      {recall.hits.length > 0 && (
        <ol>
          {recall.hits.map((hit) => (
            <Hit key={hit.message_ids.join()} sessionId={sessionId} hit={hit} isNext={isNext} />
          ))}
        </ol>
      )}
      <p className="recalled-search figures">{searchText(recall, isOpen)}</p>
      {isNext && leftOut.length > 0 && (
        <button type="button" className="button-text" onClick={recallAll}>
          {t.recalled.bringBack(leftOut.length)}
        </button>
      )}
    </section>
  );
}

const MOST_WORDS = 5;

/** The weightiest of the words that it has, and how similar it is. */
function whyFound(terms: RecallPart["hits"][number]["terms"], similarity: number | undefined): string {
  const texts = t.recalled;
  const words = terms
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, MOST_WORDS)
    .map(({ term, weight }) => `“${term}” (${formatTenths(weight)})`)
    .join(", ");
  const reasons = [
    ...(words === "" ? [] : [texts.has(words)]),
    ...(similarity === undefined ? [] : [texts.similar(formatShare(similarity))]),
  ];
  return reasons.length === 0 ? texts.neighbour : reasons.join(". ");
}

interface HitProps {
  sessionId: string;
  isNext: boolean;
  hit: RecallPart["hits"][number];
}

function Hit({
  sessionId,
  isNext,
  hit: { session, message_ids, text, cut, created_at, tokens, similarity, terms },
}: HitProps) {
  const texts = t.recalled;
  const [first = ""] = message_ids;
  return (
    <li>
      <p className="recalled-head figures">
        <span>{formatDateTime(created_at)}</span>
        <span>{cut ? texts.inPart(t.common.tokens(tokens)) : t.common.tokens(tokens)}</span>
      </p>
      {session !== undefined && (
        <p className="recalled-why" dir="auto">
          {texts.from(session.title)}
        </p>
      )}
      {text !== "" && (
        <p className="recalled-text" dir="auto">
          {text}
        </p>
      )}
      <p className="recalled-why">{whyFound(terms, similarity)}</p>
      <p className="recalled-actions">
        {session === undefined ? (
          <button type="button" className="button-text" onClick={() => showMessage(sessionId, first)}>
            {texts.show}
          </button>
        ) : (
          <a
            className="button-text"
            href={sessionLink(session.id)}
            onClick={() => showMessage(session.id, first)}
          >
            {texts.showThere}
          </a>
        )}
        {isNext && (
          <button type="button" className="button-text" onClick={() => leaveOut(sessionId, first)}>
            {texts.notThis}
          </button>
        )}
      </p>
    </li>
  );
}

function searchText(recall: RecallPart, isOpen: boolean): string {
  const { searched, total, sessions, matched, hits, ms, failed } = recall;
  const texts = t.recalled;
  if (isOpen && (failed === undefined || failed === "no_words")) return texts.emptyDraft;
  if (failed !== undefined) return texts.failures[failed];
  const search = texts.searched(searched, total, sessions, formatTenths(ms));
  return `${search} ${matched === 0 ? texts.noneMatched : texts.fit(hits.length, matched)}`;
}
