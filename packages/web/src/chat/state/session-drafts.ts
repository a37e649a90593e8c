import type { SessionSettingsPatch } from "@redis-memory-magic/protocol";
import { useCallback, useState } from "react";
import { readStored, writeStored } from "../../ui/browser-storage.ts";

/** What this browser keeps for a session: text that is not sent yet, and settings that Redis does not have yet. */
interface SessionDraft {
  readonly text?: string | undefined;
  readonly settings?: SessionSettingsPatch | undefined;
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

/** Changes a part of the draft; the other one stays. */
export function writeDraft(sessionId: string, part: SessionDraft): void {
  const others = readDrafts().filter(([id]) => id !== sessionId);
  const draft = { ...readDraft(sessionId), ...part };
  const isEmpty = !draft.text && draft.settings === undefined;
  const drafts: Drafts = isEmpty ? others : [[sessionId, draft], ...others];
  writeStored(STORED, JSON.stringify(drafts.slice(0, MAX_KEPT)));
}

/** Returns the text that is being written in a session. */
export function useDraftText(sessionId: string): [text: string, change: (text: string) => void] {
  const [text, setText] = useState(() => readDraft(sessionId).text ?? "");
  const change = useCallback(
    (next: string) => {
      writeDraft(sessionId, { text: next || undefined });
      setText(next);
    },
    [sessionId],
  );
  return [text, change];
}
