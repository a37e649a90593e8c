import type { NewNote, Note } from "@redis-memory-magic/protocol";
import { useCallback, useEffect, useRef, useState } from "react";
import { asApiError } from "../api/api-error.ts";
import { deleteNote, fetchNotes, importNotes, putNotes } from "../api/endpoints.ts";
import { importFile } from "../api/import-file.ts";
import { toastErrors } from "../api/toast-errors.ts";
import { noteNotesChanged } from "../chat/state/note-revision.ts";
import { t } from "../texts/later.ts";
import { showToast } from "../ui/toasts.ts";

export interface NotesOnServer {
  /** Newest first; null while they are fetched. */
  readonly notes: readonly Note[] | null;
  /** Why they could not be fetched. */
  readonly problem: string | null;
  /** Resolves with false if the note was refused, which a toast has said. */
  readonly put: (notes: readonly NewNote[]) => Promise<boolean>;
  readonly importAll: (file: File) => void;
  readonly remove: (note: Note) => void;
}

/** Reads and changes the user's notes. */
export function useNotes(): NotesOnServer {
  const [notes, setNotes] = useState<readonly Note[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const reads = useRef(0);

  const read = useCallback(async (signal?: AbortSignal) => {
    const number = ++reads.current;
    const { notes } = await fetchNotes(signal);
    // Answers can come in another order: an older one does not have what was changed since.
    if (number === reads.current) setNotes(notes.toReversed());
  }, []);

  useEffect(() => {
    const abort = new AbortController();
    read(abort.signal).catch((error) => abort.signal.aborted || setProblem(asApiError(error).message));
    return () => abort.abort();
  }, [read]);

  async function change(work: () => Promise<unknown>): Promise<boolean> {
    let isDone = false;
    await toastErrors(async () => {
      await work();
      isDone = true;
      noteNotesChanged();
      await read();
    });
    return isDone;
  }
  const put = (notes: readonly NewNote[]) => change(() => putNotes(notes));

  return {
    notes,
    problem,
    put,
    importAll: (file) => void change(() => importFile(file, importNotes)),
    async remove(note) {
      if (!(await change(() => deleteNote(note.id)))) return;
      showToast(t.notes.deleted, { action: { label: t.common.undo, run: () => void put([note]) } });
    },
  };
}
