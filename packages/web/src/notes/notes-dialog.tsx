import { MAX_NOTES, type Note } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { showMessage } from "../chat/state/message-target.ts";
import { changeSettings, useSettings } from "../chat/state/settings.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { t } from "../texts/later.ts";
import { Dialog } from "../ui/dialog.tsx";
import { downloadFile } from "../ui/download-file.ts";
import { FileButton } from "../ui/file-button.tsx";
import { NoteForm } from "./note-form.tsx";
import { NoteItem } from "./note-item.tsx";
import { useNotes } from "./use-notes.ts";
import "./notes-dialog.css";

interface NotesDialogProps {
  /** The session that is open. */
  sessionId: string;
  /** A message of it that a new note begins with. */
  kept: ShownMessage | null;
  onOpen: (sessionId: string) => void;
  onClose: () => void;
}

/** What the user keeps for all sessions, and whether models are sent it. */
export function NotesDialog({ sessionId, kept, onOpen, onClose }: NotesDialogProps) {
  const { notes: areSent } = useSettings();
  const { notes, problem, put, importAll, remove } = useNotes();
  const [query, setQuery] = useState("");
  const shown = notes?.filter(({ text }) => hasAllWords(text, query)) ?? [];

  function add(text: string): Promise<boolean> {
    const source = kept?.id != null && { source: { session_id: sessionId, message_id: kept.id } };
    return put([{ text, ...source }]);
  }

  return (
    <Dialog title={t.common.notes} onClose={onClose}>
      <div className="notes">
        <label className="notes-switch">
          <input
            type="checkbox"
            checked={areSent}
            onChange={(event) => changeSettings({ notes: event.target.checked })}
          />
          {t.notes.send}
        </label>
        <p className="notes-about">{t.notes.about}</p>
        <NoteForm text={kept?.content ?? ""} label={t.notes.new} submitLabel={t.notes.keep} onSubmit={add} />
        {problem !== null && <p role="alert">{problem}</p>}
        {notes !== null && notes.length > 5 && (
          <input
            type="search"
            aria-label={t.notes.search}
            placeholder={t.notes.search}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        )}
        <ul className="notes-list" aria-label={t.common.notes}>
          {shown.map((note) => (
            <NoteItem
              key={note.id}
              note={note}
              onChange={(text) => put([{ ...note, text }])}
              onRemove={() => remove(note)}
              onShowSource={() => {
                if (note.source === undefined) return;
                showMessage(note.source.session_id, note.source.message_id);
                onOpen(note.source.session_id);
                onClose();
              }}
            />
          ))}
        </ul>
        <p className="notes-foot">
          <span className="figures" role="status">
            {notes === null ? "" : countText(shown.length, notes.length)}
          </span>
          {notes !== null && notes.length > 0 && (
            <button type="button" className="button-text" onClick={() => saveNotes(notes)}>
              {t.notes.export}
            </button>
          )}
          <FileButton className="button-text" fileLabel={t.notes.file} onFile={importAll} />
        </p>
      </div>
    </Dialog>
  );
}

function countText(shown: number, all: number): string {
  if (all === 0) return t.notes.none;
  return shown < all ? t.notes.found(shown, all) : t.notes.count(all, MAX_NOTES);
}

const hasAllWords = (text: string, query: string): boolean =>
  query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));

const saveNotes = (notes: readonly Note[]): void =>
  downloadFile(
    new Blob([JSON.stringify({ notes: notes.toReversed() }, null, 2)], { type: "application/json" }),
    "notes.json",
  );
