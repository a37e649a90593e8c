import type { ContextReport } from "@redis-memory-magic/protocol";
import { useEffect, useState } from "react";
import { previewContext } from "../../api/endpoints.ts";
import { forPreview, type MessageAttachment, toRequest } from "./attachment.ts";
import { type Choice, chatBody } from "./choice.ts";
import { useNotRecalled } from "./not-recalled.ts";
import { useNoteRevision } from "./note-revision.ts";

/** Counted while the draft is empty: the shortest possible message. */
export const EMPTY_DRAFT = "…";
const TYPING_PAUSE_MS = 250;
const RETRY_MS = 3_000;

interface PreviewOf {
  readonly sessionId: string;
  readonly choice: Choice | null;
  readonly draft: string;
  readonly attachments: readonly MessageAttachment[];
  /** Changes when the stored messages do. */
  readonly history: string | null;
  /** Keeps the last report: while an answer runs, and while the draft is too long to be counted. */
  readonly paused: boolean;
}

/**
 * Returns what the next message would send, as counted by the server; null while it is unknown for this choice.
 * The report of an older draft is kept until the new one arrives, so that the figures do not flicker.
 */
export function useContextPreview({
  sessionId,
  choice,
  draft,
  attachments,
  history,
  paused,
}: PreviewOf): ContextReport | null {
  const [preview, setPreview] = useState<{ of: string; report: ContextReport } | null>(null);
  const of = JSON.stringify([sessionId, choice]);
  const notes = useNoteRevision();
  const notRecalled = useNotRecalled(sessionId);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the history and the notes are read by the server, not here.
  useEffect(() => {
    if (choice === null || paused) return;
    const abort = new AbortController();
    const ask = async () => {
      try {
        const body = chatBody(sessionId, choice, {
          message: draft || EMPTY_DRAFT,
          ...(attachments.length > 0 && { attachments: toRequest(forPreview(attachments)) }),
        });
        setPreview({ of, report: await previewContext(body, abort.signal) });
      } catch {
        if (abort.signal.aborted) return;
        // Without a report the line follows the mode alone.
        setPreview(null);
        timer = setTimeout(ask, RETRY_MS);
      }
    };
    let timer = setTimeout(ask, draft === "" ? 0 : TYPING_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [of, draft, attachments, history, notes, notRecalled, paused]);

  return preview?.of === of ? preview.report : null;
}
