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

type Draft = readonly [sessionId: string, draft: SessionDraft];

function readDrafts(): Draft[] {
  try {
    const drafts: unknown = JSON.parse(readStored(STORED) ?? "[]");
    return Array.isArray(drafts) ? drafts.filter(isDraft) : [];
  } catch {
    return [];
  }
}

/** The browser's storage may hold anything: an older version of the page, or a user, wrote it. */
function isDraft(value: unknown): value is Draft {
  if (!Array.isArray(value) || typeof value[0] !== "string") return false;
  const draft: unknown = value[1];
  if (typeof draft !== "object" || draft === null) return false;
  const { text, settings } = draft as Readonly<Record<string, unknown>>;
  const hasSettings = settings === undefined || (typeof settings === "object" && settings !== null);
  return (text === undefined || typeof text === "string") && hasSettings;
}

export function readDraft(sessionId: string): SessionDraft {
  return readDrafts().find(([id]) => id === sessionId)?.[1] ?? {};
}

/** Changes a part of the draft; the other one stays. */
export function writeDraft(sessionId: string, part: SessionDraft): void {
  const others = readDrafts().filter(([id]) => id !== sessionId);
  const draft = { ...readDraft(sessionId), ...part };
  const isEmpty = !draft.text && draft.settings === undefined;
  const drafts: Draft[] = isEmpty ? others : [[sessionId, draft], ...others];
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
