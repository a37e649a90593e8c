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
  /** Its place on the memory line: sent to the model, stored only, or the answer whose context is shown. */
  mark: "sent" | "kept" | "answer";
  /** The branches at this message. */
  branch: BranchPoint | null;
  ruleBefore: string | null;
  ruleAfter: string | null;
  /** The running turn whose answer this row shows. */
  live: LiveTurn | null;
  reconnecting: boolean;
  outcome: Outcome | null;
  actions: RowActions;
}

/** A message with its part of the memory line. Memoised: a new token renders one row. */
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
        {...(isUser ? {} : hoverProps(message, actions))}
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

/** Shows what an answer was sent while the pointer or the focus is on it. */
function hoverProps({ turn }: ShownMessage, { hover }: RowActions) {
  if (turn === undefined) return {};
  const show = () => hover(turn.id);
  const hide = () => hover(null);
  return { onPointerEnter: show, onPointerLeave: hide, onFocus: show, onBlur: hide };
}

function Rule({ text }: { text: string }) {
  return (
    <p className="rule">
      <span>{text}</span>
    </p>
  );
}
