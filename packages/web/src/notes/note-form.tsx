import { countCodePoints, MAX_NOTE_CHARS } from "@redis-memory-magic/protocol";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { t } from "../texts/later.ts";
import { isComposing } from "../ui/is-composing.ts";

interface NoteFormProps {
  text: string;
  label: string;
  submitLabel: string;
  /** Resolves with false if the text was not stored: then it stays in the field. */
  onSubmit: (text: string) => Promise<boolean>;
  onCancel?: () => void;
}

/** Writes or edits a note. */
export function NoteForm({ text, label, submitLabel, onSubmit, onCancel }: NoteFormProps) {
  const [draft, setDraft] = useState(text);
  const field = useRef<HTMLTextAreaElement>(null);
  // Once the dialog is open: that focuses its first button.
  useEffect(() => field.current?.focus(), []);
  const left = MAX_NOTE_CHARS - countCodePoints(draft.trim());
  const canSubmit = draft.trim() !== "" && left >= 0;

  async function submit() {
    if (canSubmit && (await onSubmit(draft.trim()))) setDraft("");
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event.nativeEvent)) return;
    event.preventDefault();
    void submit();
  }

  return (
    <form
      className="note-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <textarea
        ref={field}
        aria-label={label}
        aria-invalid={left < 0}
        dir="auto"
        rows={2}
        placeholder={t.notes.placeholder}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p>
        <button type="submit" className="button button-small button-strong" disabled={!canSubmit}>
          {submitLabel}
        </button>
        {onCancel && (
          <button type="button" className="button button-small" onClick={onCancel}>
            {t.notes.cancel}
          </button>
        )}
        <span className="note-left figures" role="status" data-bad={left < 0 || undefined}>
          {left < 0 ? t.notes.tooLong(-left) : left < 50 ? t.notes.left(left) : ""}
        </span>
      </p>
    </form>
  );
}
