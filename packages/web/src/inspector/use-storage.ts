import type { StorageResponse } from "@redis-memory-magic/protocol";
import { useEffect, useState } from "react";
import { fetchStorage } from "../api/endpoints.ts";

const EVERY_MS = 5_000;

/**
 * The session's keys, asked for again while they are looked at; null where that is not known. `history` changes when
 * the session has; null: it has no messages, and so no keys.
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
    const timer = setInterval(ask, EVERY_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [sessionId, history]);

  return history !== null && storage?.of === sessionId ? storage.response : null;
}
