import { useCallback, useState } from "react";
import { readStored, writeStored } from "../../ui/browser-storage.ts";

/** What this browser keeps for a session: text that is not sent yet, and the context window that was chosen. */
export interface SessionDraft {
  readonly text?: string | undefined;
  readonly contextTokens?: number | undefined;
}

const STORED = "drafts";
const MAX_KEPT = 50;

type Drafts = [sessionId: string, draft: SessionDraft][];

function readDrafts(): Drafts {
  try {
    const drafts: unknown = JSON.parse(readStored(STORED) ?? "[]");
    return Array.isArray(drafts) ? drafts : [];
  } catch {
    return [];
  }
}

export function readDraft(sessionId: string): SessionDraft {
  return readDrafts().find(([id]) => id === sessionId)?.[1] ?? {};
}

export function writeDraft(sessionId: string, draft: SessionDraft): void {
  const others = readDrafts().filter(([id]) => id !== sessionId);
  const isEmpty = !draft.text && draft.contextTokens === undefined;
  const drafts: Drafts = isEmpty ? others : [[sessionId, draft], ...others];
  writeStored(STORED, JSON.stringify(drafts.slice(0, MAX_KEPT)));
}

export function useSessionDraft(sessionId: string) {
  const [draft, setDraft] = useState(() => readDraft(sessionId));
  const change = useCallback(
    (part: SessionDraft) =>
      setDraft((before) => {
        const next = { ...before, ...part };
        writeDraft(sessionId, next);
        return next;
      }),
    [sessionId],
  );
  return { draft, change };
}
