import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { memo } from "react";
import type { LiveTurn } from "../stream/live-turn.ts";
import { Answer } from "./answer.tsx";
import type { Outcome } from "./conversation-state.ts";
import { OutcomeNote, RefusalNote } from "./notes.tsx";
import "./row.css";
import type { ShownMessage } from "./shown-message.ts";

export interface RowActions {
  readonly providers: readonly ProviderStatus[];
  readonly onRetry: () => void;
  readonly onResend: (message: ShownMessage) => void;
  /** Takes a refused message back into the composer. */
  readonly onEditRefused: (message: ShownMessage) => void;
}

interface RowProps {
  message: ShownMessage;
  /** On the memory line: sent to the model, or stored only. */
  mark: "sent" | "kept";
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
  const { message, mark, ruleBefore, ruleAfter, live, reconnecting, outcome, actions } = props;
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
      >
        <span className="row-dot" />
        <div className="row-body">
          {isUser ? (
            <p className="bubble" dir="auto">
              {message.content}
            </p>
          ) : (
            <Answer message={message} live={live} reconnecting={reconnecting} providers={actions.providers} />
          )}
          {message.refusal !== null && (
            <RefusalNote
              error={message.refusal.error}
              onResend={() => actions.onResend(message)}
              onEdit={() => actions.onEditRefused(message)}
            />
          )}
          {outcome !== null && live === null && <OutcomeNote outcome={outcome} onRetry={actions.onRetry} />}
        </div>
      </article>
      {ruleAfter !== null && <Rule text={ruleAfter} />}
    </>
  );
});

function Rule({ text }: { text: string }) {
  return (
    <p className="rule">
      <span>{text}</span>
    </p>
  );
}
