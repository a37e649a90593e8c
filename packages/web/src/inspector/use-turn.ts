import type { Turn } from "@redis-memory-magic/protocol";
import { useEffect, useState } from "react";
import { fetchTurn } from "../api/endpoints.ts";

const MAX_KEPT = 60;
/** Turns that have ended, whose records do not change. */
const ended = new Map<string, Turn>();

/** Fetches a turn with its context report; null while it is fetched or if there is none. */
export function useTurn(sessionId: string, turnId: string | null): Turn | null {
  const key = `${sessionId}/${turnId}`;
  const [fetched, setFetched] = useState<{ key: string; turn: Turn } | null>(null);

  useEffect(() => {
    if (turnId === null || ended.has(key)) return;
    const abort = new AbortController();
    fetchTurn(sessionId, turnId, abort.signal).then(
      (turn) => {
        if (turn.status !== "running") keep(key, turn);
        setFetched({ key, turn });
      },
      // Without a report the answer is shown as it is.
      () => {},
    );
    return () => abort.abort();
  }, [sessionId, turnId, key]);

  if (turnId === null) return null;
  return ended.get(key) ?? (fetched?.key === key ? fetched.turn : null);
}

function keep(key: string, turn: Turn): void {
  ended.set(key, turn);
  const oldest = ended.keys().next().value;
  if (ended.size > MAX_KEPT && oldest !== undefined) ended.delete(oldest);
}
