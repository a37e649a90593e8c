import { useCallback, useState } from "react";
import { readStored, writeStored } from "./browser-storage.ts";

/** What this browser keeps beside a session: words not sent yet, and the window it is to be answered with. */
export interface SessionNote {
  readonly draft?: string | undefined;
  readonly contextTokens?: number | undefined;
}

const STORED = "notes";
/** Sessions expire by themselves; notes on them go when newer ones come. */
const MOST_KEPT = 50;

type Notes = [sessionId: string, note: SessionNote][];

function readNotes(): Notes {
  try {
    const notes: unknown = JSON.parse(readStored(STORED) ?? "[]");
    return Array.isArray(notes) ? notes : [];
  } catch {
    return [];
  }
}

export function readNote(sessionId: string): SessionNote {
  return readNotes().find(([id]) => id === sessionId)?.[1] ?? {};
}

export function writeNote(sessionId: string, note: SessionNote): void {
  const others = readNotes().filter(([id]) => id !== sessionId);
  const isEmpty = !note.draft && note.contextTokens === undefined;
  const notes: Notes = isEmpty ? others : [[sessionId, note], ...others];
  writeStored(STORED, JSON.stringify(notes.slice(0, MOST_KEPT)));
}

export function useSessionNote(sessionId: string) {
  const [note, setNote] = useState(() => readNote(sessionId));
  const change = useCallback(
    (part: SessionNote) =>
      setNote((before) => {
        const next = { ...before, ...part };
        writeNote(sessionId, next);
        return next;
      }),
    [sessionId],
  );
  return { note, change };
}
