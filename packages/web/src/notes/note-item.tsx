import type { Note } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { formatDateTime } from "../texts/format.ts";
import { t } from "../texts/later.ts";
import { Icon } from "../ui/icon.tsx";
import { NoteForm } from "./note-form.tsx";

interface NoteItemProps {
  note: Note;
  onChange: (text: string) => Promise<boolean>;
  onRemove: () => void;
  /** Opens the message that it was taken from. */
  onShowSource: () => void;
}

export function NoteItem({ note, onChange, onRemove, onShowSource }: NoteItemProps) {
  const [isEdited, setEdited] = useState(false);
  if (isEdited) {
    return (
      <li>
        <NoteForm
          text={note.text}
          label={t.notes.edited}
          submitLabel={t.notes.save}
          onCancel={() => setEdited(false)}
          onSubmit={async (text) => {
            const isDone = await onChange(text);
            if (isDone) setEdited(false);
            return isDone;
          }}
        />
      </li>
    );
  }
  return (
    <li>
      <p className="note-text" dir="auto">
        {note.text}
      </p>
      <p className="note-foot figures">
        <span>{formatDateTime(note.created_at)}</span>
        {note.source !== undefined && (
          <button type="button" className="button-text" onClick={onShowSource}>
            {t.notes.showMessage}
          </button>
        )}
        <span className="note-actions">
          <button
            type="button"
            className="button-icon"
            aria-label={t.notes.edit}
            title={t.notes.edit}
            onClick={() => setEdited(true)}
          >
            <Icon name="edit" size={15} />
          </button>
          <button
            type="button"
            className="button-icon"
            aria-label={t.notes.delete}
            title={t.notes.delete}
            onClick={onRemove}
          >
            <Icon name="close" size={15} />
          </button>
        </span>
      </p>
    </li>
  );
}
