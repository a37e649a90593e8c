import { memo } from "react";
import type { BranchPoint } from "../state/branches.ts";
import type { Outcome } from "../state/conversation-state.ts";
import type { LiveTurn } from "../stream/live-turn.ts";
import { Answer } from "./answer.tsx";
import { OutcomeAlert, RefusalAlert } from "./outcome-alerts.tsx";
import "./row.css";
import type { ShownMessage } from "../state/shown-message.ts";
import type { RowActions } from "./row-actions.ts";
import { UserMessage } from "./user-message.tsx";

interface RowProps {
  message: ShownMessage;
  /** On the memory line: sent to the model, stored only, or the answer whose memory is shown. */
  mark: "sent" | "kept" | "answer";
  /** Other ways that the conversation goes on from here. */
  branch: BranchPoint | null;
  ruleBefore: string | null;
  ruleAfter: string | null;
  /** The turn whose answer this row is, while it is written. */
  live: LiveTurn | null;
  reconnecting: boolean;
  outcome: Outcome | null;
  actions: RowActions;
}

/** A message with its part of the memory line. Memoised: a token that arrives renders one row. */
export const Row = memo(function Row(props: RowProps) {
  const { message, mark, branch, ruleBefore, ruleAfter, live, reconnecting, outcome, actions } = props;
  const isUser = message.role === "user";
  return (
    <>
      {ruleBefore !== null && <Rule text={ruleBefore} />}
      <article
        className="row"
        aria-label={isUser ? "You" : "Assistant"}
        aria-busy={live !== null}
        data-role={message.role}
        data-mark={message.delivery === "refused" ? "none" : mark}
        data-live={live !== null || undefined}
        {...(isUser ? {} : pointing(message, actions))}
      >
        <span className="row-dot" />
        <div className="row-body">
          {isUser ? (
            <UserMessage message={message} branch={branch} actions={actions} />
          ) : (
            <Answer message={message} live={live} reconnecting={reconnecting} actions={actions} />
          )}
          {message.refusal !== null && (
            <RefusalAlert
              error={message.refusal.error}
              onResend={() => actions.onResend(message)}
              onEdit={() => actions.onEditRefused(message)}
            />
          )}
          {outcome !== null && live === null && <OutcomeAlert outcome={outcome} onRetry={actions.onRetry} />}
        </div>
      </article>
      {ruleAfter !== null && <Rule text={ruleAfter} />}
    </>
  );
});

/** An answer that is pointed at, or has the focus, shows what it was sent. */
function pointing({ turn }: ShownMessage, { point }: RowActions) {
  if (turn === undefined) return {};
  const show = () => point(turn.id);
  const hide = () => point(null);
  return { onPointerEnter: show, onPointerLeave: hide, onFocus: show, onBlur: hide };
}

function Rule({ text }: { text: string }) {
  return (
    <p className="rule">
      <span>{text}</span>
    </p>
  );
}
