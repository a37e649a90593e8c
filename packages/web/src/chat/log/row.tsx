import { memo } from "react";
import { formatTime } from "../../texts/format.ts";
import { t } from "../../texts/later.ts";
import type { BranchPoint } from "../state/branches.ts";
import type { Outcome } from "../state/conversation-state.ts";
import type { Gone } from "../state/expiry.ts";
import type { LiveTurn } from "../stream/live-turn.ts";
import { Answer } from "./answer.tsx";
import { OutcomeAlert, PastOutcome, RefusalAlert } from "./outcome-alerts.tsx";
import "./row.css";
import type { ShownMessage } from "../state/shown-message.ts";
import type { RowActions } from "./row-actions.ts";
import { ToolOutput } from "./tool-calls.tsx";
import { UserMessage } from "./user-message.tsx";

/** "recalled": outside the window, but sent. "none": refused, "gone": no longer in Redis. */
export type RowMark = "sent" | "recalled" | "kept" | "answer" | "gone" | "none";

interface RowProps {
  message: ShownMessage;
  /** Its place on the memory line: sent to the model, stored only, or the answer whose context is shown. */
  mark: RowMark;
  /** The branches at this message. */
  branch: BranchPoint | null;
  ruleBefore: string | null;
  ruleAfter: string | null;
  /** For the last message that Redis no longer has: why. */
  gone: Gone | null;
  /** For a tool's output: the function's name, if it is known. */
  toolName: string | null;
  isLast: boolean;
  /** The running turn whose answer this row shows. */
  live: LiveTurn | null;
  reconnecting: boolean;
  outcome: Outcome | null;
  /** True if the turn is the last one, which can be run again in place. */
  canRetry: boolean;
  actions: RowActions;
}

/** A message with its part of the memory line. Memoised: a new token renders one row. */
export const Row = memo(function Row(props: RowProps) {
  const { message, mark, branch, ruleBefore, ruleAfter, gone, toolName, isLast } = props;
  const { live, reconnecting, outcome, canRetry, actions } = props;
  const { role } = message;
  return (
    <>
      {ruleBefore !== null && <Rule text={ruleBefore} />}
      <article
        className="row"
        aria-label={t.rows.roles[role]}
        aria-busy={live !== null}
        data-role={role}
        data-mark={mark}
        data-live={live !== null || undefined}
        {...(role === "user" ? {} : hoverProps(message, actions))}
      >
        <span className="row-dot" />
        <div className="row-body">
          {role === "user" ? (
            <UserMessage message={message} branch={branch} actions={actions} />
          ) : role === "tool" ? (
            <ToolOutput name={toolName} output={message.content} />
          ) : (
            <Answer
              message={message}
              live={live}
              reconnecting={reconnecting}
              isLast={isLast}
              actions={actions}
            />
          )}
          {message.refusal !== null && (
            <RefusalAlert
              error={message.refusal.error}
              onResend={() => actions.onResend(message)}
              onEdit={() => actions.onEditRefused(message)}
            />
          )}
          {outcome !== null && live === null && canRetry && (
            <OutcomeAlert outcome={outcome} hasText={role === "assistant"} onRetry={actions.onRetry} />
          )}
          {outcome !== null && live === null && !canRetry && (
            <PastOutcome outcome={outcome} onRetry={() => actions.onRegenerate(outcome.turnId)} />
          )}
        </div>
      </article>
      {gone !== null && <GoneRule gone={gone} onPutBack={isLast ? actions.onPutBack : null} />}
      {ruleAfter !== null && <Rule text={ruleAfter} />}
    </>
  );
});

/** Shows what an answer was sent while the pointer or the focus is on it. */
function hoverProps({ turn }: ShownMessage, { hover }: RowActions) {
  if (turn === undefined) return {};
  const show = () => hover(turn.id);
  const hide = () => hover(null);
  return { onPointerEnter: show, onPointerLeave: hide, onFocus: show, onBlur: hide };
}

function GoneRule({ gone: { expiredAt }, onPutBack }: { gone: Gone; onPutBack: (() => void) | null }) {
  return (
    <div className="rule rule-gone">
      <p>{expiredAt === null ? t.rows.goneDeleted : t.rows.goneExpired(formatTime(expiredAt))}</p>
      {onPutBack !== null && (
        <button type="button" className="button button-small rule-action" onClick={onPutBack}>
          {t.rows.putBack}
        </button>
      )}
    </div>
  );
}

function Rule({ text }: { text: string }) {
  return (
    <p className="rule">
      <span>{text}</span>
    </p>
  );
}
