import type { StorageResponse } from "@redis-memory-magic/protocol";
import { useEffect, useState } from "react";
import { fetchStorage } from "../api/endpoints.ts";

const POLL_MS = 5_000;

/**
 * Polls the session's keys; null while they are unknown. `history` changes when the session does; null: it has no
 * messages, and so no keys.
 */
export function useStorage(sessionId: string, history: string | null): StorageResponse | null {
  const [storage, setStorage] = useState<{ of: string; response: StorageResponse | null } | null>(null);

  useEffect(() => {
    if (history === null) return;
    const abort = new AbortController();
    const ask = async () => {
      if (document.visibilityState === "hidden") return;
      const response = await fetchStorage(sessionId, abort.signal).catch(() => null);
      if (!abort.signal.aborted) setStorage({ of: sessionId, response });
    };
    void ask();
    const timer = setInterval(ask, POLL_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [sessionId, history]);

  return history !== null && storage?.of === sessionId ? storage.response : null;
}
