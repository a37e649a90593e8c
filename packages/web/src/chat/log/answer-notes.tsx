import { t } from "../../texts/later.ts";
import { Alert } from "../../ui/alert.tsx";
import { Icon } from "../../ui/icon.tsx";
import { type AnswerNote, answerNotes } from "../state/answer-end.ts";
import type { TurnInfo } from "../state/shown-message.ts";
import type { RowActions } from "./row-actions.ts";

interface AnswerNotesProps {
  turn: TurnInfo;
  /** True for the last answer of the conversation. */
  isLast: boolean;
  actions: RowActions;
}

/** Says how an answer ended if that cannot be seen in its text, and what the user can do. */
export function AnswerNotes({ turn, isLast, actions }: AnswerNotesProps) {
  return answerNotes(turn).map((note) => (
    <Alert
      key={note.kind}
      tone={note.kind === "truncated" ? "warn" : "neutral"}
      icon={note.kind === "truncated" ? "warning" : "stop"}
      actions={<NoteAction note={note} turn={turn} isLast={isLast} actions={actions} />}
    >
      {note.text}
    </Alert>
  ));
}

function NoteAction({ note: { kind }, turn, isLast, actions }: AnswerNotesProps & { note: AnswerNote }) {
  switch (kind) {
    case "cut":
      if (!isLast) return null;
      return (
        <button type="button" className="button button-small" onClick={actions.onContinue}>
          {turn.mode === "stateful" ? t.rows.continue : t.rows.continueWithMemory}
        </button>
      );
    case "truncated":
      return (
        <button type="button" className="button button-small" onClick={() => actions.onInspect(turn.id)}>
          <Icon name="xray" size={14} /> {t.header.xray}
        </button>
      );
    case "tool_call":
      return null;
    default:
      return (
        <button type="button" className="button button-small" onClick={() => actions.onRegenerate(turn.id)}>
          <Icon name="retry" size={14} /> {t.common.tryAgain}
        </button>
      );
  }
}
