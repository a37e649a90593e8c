import type { ContextReport } from "@redis-memory-magic/protocol";
import { useEffect, useState } from "react";
import { previewContext } from "../../api/endpoints.ts";
import { type Choice, chatBody } from "./choice.ts";

/** What is counted while nothing is written: the shortest message there is. */
const NOTHING_WRITTEN = "…";
const TYPING_PAUSE_MS = 250;
const AGAIN_MS = 3_000;

interface PreviewOf {
  readonly sessionId: string;
  readonly choice: Choice | null;
  readonly draft: string;
  /** Changes when the history does. */
  readonly history: string | null;
  /** The last report stays: while an answer runs it is what that answer was sent; what is too long has none. */
  readonly paused: boolean;
}

/**
 * What the next message would send, as the server counts it; null while that is not known for this choice.
 * A report of an older draft stays until the new one is there, so that the figures do not flicker.
 */
export function useContextPreview({
  sessionId,
  choice,
  draft,
  history,
  paused,
}: PreviewOf): ContextReport | null {
  const [preview, setPreview] = useState<{ of: string; report: ContextReport } | null>(null);
  const of = JSON.stringify([sessionId, choice]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the history is read by the server, not here.
  useEffect(() => {
    if (choice === null || paused) return;
    const abort = new AbortController();
    const ask = async () => {
      try {
        const body = chatBody(sessionId, choice, { message: draft || NOTHING_WRITTEN });
        setPreview({ of, report: await previewContext(body, abort.signal) });
      } catch {
        if (abort.signal.aborted) return;
        // Without a count the line is drawn by the mode alone, until the server counts again.
        setPreview(null);
        timer = setTimeout(ask, AGAIN_MS);
      }
    };
    let timer = setTimeout(ask, draft === "" ? 0 : TYPING_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [of, draft, history, paused]);

  return preview?.of === of ? preview.report : null;
}
