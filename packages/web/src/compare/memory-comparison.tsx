import type { ContextReport, Mode } from "@redis-memory-magic/protocol";
import { useEffect, useState, useSyncExternalStore } from "react";
import { fetchTurn } from "../api/endpoints.ts";
import type { Choice } from "../chat/state/choice.ts";
import { type ConversationState, emptyConversation } from "../chat/state/conversation-state.ts";
import { countRecalled, countSent } from "../chat/state/memory-line.ts";
import type { ShownMessage, TurnInfo } from "../chat/state/shown-message.ts";
import { Markdown } from "../markdown/markdown.tsx";
import { t } from "../texts/later.ts";
import { Dialog } from "../ui/dialog.tsx";
import "./memory-comparison.css";
import { missingIn } from "./only-with-memory.ts";
import { useCounterpart } from "./use-counterpart.ts";

interface MemoryComparisonProps {
  sessionId: string;
  question: ShownMessage;
  answer: ShownMessage & { readonly turn: TurnInfo };
  /** The session's: its system prompt and window are used for the other answer too. */
  choice: Choice;
  onOpen: (sessionId: string) => void;
  onClose: () => void;
}

/** Answers a question again with the memory switch the other way, and shows both answers with what each was sent. */
export function MemoryComparison({
  sessionId,
  question,
  answer,
  choice,
  onOpen,
  onClose,
}: MemoryComparisonProps) {
  const { turn } = answer;
  const otherMode: Mode = turn.mode === "stateful" ? "stateless" : "stateful";
  const { provider, model } = turn;
  const other = useCounterpart(sessionId, question, { ...choice, mode: otherMode, provider, model });
  const state = useConversationState(other.conversation);
  const otherAnswer = state.messages.findLast(({ role }) => role === "assistant");
  const otherTurnId = state.live === null ? otherAnswer?.turn?.id : undefined;
  const report = useReport(sessionId, turn.id);
  const otherReport = useReport(state.sessionId, otherTurnId);

  const given = { text: answer.content, report };
  const asked = {
    text: otherAnswer?.content ?? "",
    report: otherReport,
    isRunning: state.live !== null || other.conversation === null,
    problem: other.error?.message ?? problemOf(state),
  };
  const [off, on] = otherMode === "stateless" ? [asked, given] : [given, asked];
  return (
    <Dialog title={t.compare.sameQuestionTitle} onClose={onClose} isWide>
      <div className="comparison">
        <q dir="auto">{question.content}</q>
        <div className="comparison-sides">
          <Side name={t.memory.states.stateless} {...off} without={on.report} />
          <Side name={t.memory.states.stateful} {...on} without={off.report} />
        </div>
        {on.report && off.report && <Difference on={on.report} off={off.report} />}
        {other.conversation !== null && (
          <p className="comparison-foot">
            <button
              type="button"
              className="button button-small"
              disabled={asked.isRunning}
              onClick={() => {
                other.keep();
                onOpen(state.sessionId);
              }}
            >
              {t.compare.keep}
            </button>
            {t.compare.keepHint}
          </p>
        )}
      </div>
    </Dialog>
  );
}

interface SideProps {
  name: string;
  text: string;
  report: ContextReport | null;
  isRunning?: boolean;
  problem?: string | null;
  /** What the other side was sent. */
  without: ContextReport | null;
}

function Side({ name, text, report, isRunning = false, problem = null, without }: SideProps) {
  const isExtra = report && without ? missingIn(report.messages, without.messages) : [];
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      {report !== null && (
        <>
          <p className="comparison-sum figures">
            {t.compare.wasSent(countSent(report), report.tokens.counted)}
          </p>
          <ol className="comparison-sent" aria-label={t.compare.sent(name)}>
            {report.messages.map(({ role, content }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: messages of a payload have no other key.
              <li key={index} data-extra={isExtra[index] || undefined}>
                <span className="comparison-role">
                  {role}
                  {isExtra[index] && ` · ${t.compare.onlyHere}`}
                </span>
                <span className="comparison-text" dir="auto">
                  {content}
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
      <div className="comparison-answer" aria-live="polite" aria-busy={isRunning}>
        <Markdown source={text} streaming={isRunning} />
        {isRunning && text === "" && problem === null && <p>{t.compare.asking}</p>}
        {problem !== null && <p className="comparison-problem">{problem}</p>}
      </div>
    </section>
  );
}

/** What memory added. Messages that were sent as one, or quoted in another, count each. */
export function Difference({ on, off }: { on: ContextReport; off: ContextReport }) {
  const isSame = !missingIn(on.messages, off.messages).includes(true);
  const extra = countSent(on) - countSent(off) + countRecalled(on);
  const tokens = on.tokens.counted - off.tokens.counted;
  return (
    <p className="comparison-difference">{isSame ? t.compare.same : t.compare.difference(extra, tokens)}</p>
  );
}

function problemOf({ messages, outcome }: ConversationState): string | null {
  const refusal = messages.at(-1)?.refusal;
  if (refusal) return refusal.error.message;
  return outcome === null ? null : (outcome.detail ?? t.compare.notCompleted);
}

const NOT_YET = emptyConversation("");

function useConversationState(
  conversation: ReturnType<typeof useCounterpart>["conversation"],
): ConversationState {
  return useSyncExternalStore(
    conversation?.store.subscribe ?? neverChanges,
    conversation?.store.get ?? (() => NOT_YET),
  );
}

const neverChanges = () => () => {};

/** What a turn was sent; null until it is known. */
function useReport(sessionId: string, turnId: string | undefined): ContextReport | null {
  const [report, setReport] = useState<ContextReport | null>(null);
  useEffect(() => {
    if (turnId === undefined) return;
    const abort = new AbortController();
    fetchTurn(sessionId, turnId, abort.signal)
      .then((turn) => setReport(turn.report))
      // The answers are shown without what they were sent.
      .catch(() => {});
    return () => abort.abort();
  }, [sessionId, turnId]);
  return report;
}
