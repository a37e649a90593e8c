import { useCallback, useMemo, useState } from "react";
import { type AttachmentLimits, MAX_ATTACHMENTS, type MessageAttachment } from "./attachment.ts";

/** What the draft carries beside its text. */
export interface Attachments {
  readonly list: readonly MessageAttachment[];
  /** Files that could not be taken: why, and what to do. */
  readonly problems: readonly string[];
  /** Reads files and adds them. */
  readonly add: (files: readonly File[]) => Promise<void>;
  readonly change: (list: readonly MessageAttachment[]) => void;
}

/** By session, until the page is closed: files are too large for the browser's storage. */
const kept = new Map<string, readonly MessageAttachment[]>();

export function useAttachments(sessionId: string, { maxBytes, blindModel }: AttachmentLimits): Attachments {
  const [list, setList] = useState(() => kept.get(sessionId) ?? []);
  const [problems, setProblems] = useState<readonly string[]>([]);

  const change = useCallback(
    (next: readonly MessageAttachment[]) => {
      if (next.length === 0) kept.delete(sessionId);
      else kept.set(sessionId, next);
      setList(next);
      setProblems([]);
    },
    [sessionId],
  );

  const add = useCallback(
    async (files: readonly File[]) => {
      const { readAttachments } = await import("./read-attachment.ts");
      const before = kept.get(sessionId) ?? [];
      const read = await readAttachments(files, before, { maxBytes, blindModel });
      // Another file may have been added meanwhile.
      change([...(kept.get(sessionId) ?? []), ...read.attachments].slice(0, MAX_ATTACHMENTS));
      setProblems(read.problems);
    },
    [sessionId, change, maxBytes, blindModel],
  );

  return useMemo(() => ({ list, problems, add, change }), [list, problems, add, change]);
}
