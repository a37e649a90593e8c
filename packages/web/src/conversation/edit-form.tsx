import { type KeyboardEvent, useState } from "react";

interface EditFormProps {
  text: string;
  onSend: (text: string) => void;
  onCancel: () => void;
}

/** A message said differently: it goes into a branch, and what was said stays. */
export function EditForm({ text, onSend, onCancel }: EditFormProps) {
  const [draft, setDraft] = useState(text);
  const canSend = draft.trim() !== "";

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
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
        aria-label="Edited message"
        dir="auto"
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here.
        autoFocus
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p>
        <button type="submit" className="button button-small button-strong" disabled={!canSend}>
          Send as a branch
        </button>
        <button type="button" className="button button-small" onClick={onCancel}>
          Cancel
        </button>
      </p>
    </form>
  );
}
