import { type KeyboardEvent, useState } from "react";
import { t } from "../../texts/later.ts";
import { isComposing } from "../../ui/is-composing.ts";
import { lengthError } from "../state/message-length.ts";

interface EditFormProps {
  text: string;
  maxChars: number;
  onSend: (text: string) => void;
  onCancel: () => void;
}

/** Edits a message. The edited one goes into a branch; the original stays. */
export function EditForm({ text, maxChars, onSend, onCancel }: EditFormProps) {
  const [draft, setDraft] = useState(text);
  const tooLong = lengthError(draft, maxChars);
  const canSend = draft.trim() !== "" && tooLong === null;

  function onKeyDown(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === "Escape") onCancel();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (canSend) onSend(draft);
    }
  }

  return (
    <form
      className="edit"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend(draft);
      }}
    >
      <textarea
        aria-label={t.rows.editedMessage}
        aria-invalid={tooLong !== null}
        dir="auto"
        // biome-ignore lint/a11y/noAutofocus: the user has just asked to edit.
        autoFocus
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p>
        <button type="submit" className="button button-small button-strong" disabled={!canSend}>
          {t.rows.sendEdited}
        </button>
        <button type="button" className="button button-small" onClick={onCancel}>
          {t.rows.cancel}
        </button>
        {tooLong !== null && (
          <span className="edit-problem" role="status">
            {tooLong}
          </span>
        )}
      </p>
    </form>
  );
}
