import type { TotalsResponse } from "@redis-memory-magic/protocol";
import { useEffect, useMemo, useState } from "react";
import { fetchTotals } from "../../api/endpoints.ts";
import type { ConversationState } from "./conversation-state.ts";
import { isGone } from "./expiry.ts";
import { type PriceOf, totalsOf, turnsOf } from "./session-totals.ts";

/** The server's totals, up to and including the message with this key. */
interface Counted {
  readonly upTo: string;
  readonly models: TotalsResponse["models"];
}

/**
 * Returns a session's totals. A short session is loaded whole; for a long one the server is asked once and later
 * turns are added here. `isPartial`: only the loaded messages are counted, until the server has answered.
 */
export function useSessionTotals(state: ConversationState, history: string | null, priceOf: PriceOf) {
  const { sessionId, messages, olderBefore, live } = state;
  const [counted, setCounted] = useState<Counted | null>(null);
  const isPartial = olderBefore !== null;
  const index = counted === null ? -1 : messages.findIndex(({ key }) => key === counted.upTo);
  const isWanted = isPartial && index < 0 && live === null && history !== null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once; the newest message at that time marks what is counted.
  useEffect(() => {
    const newest = messages.findLast(({ delivery }) => delivery === "stored");
    if (!isWanted || newest === undefined) return;
    const abort = new AbortController();
    fetchTotals(sessionId, abort.signal).then(
      ({ models }) => setCounted({ upTo: newest.key, models }),
      // Only the loaded messages are counted then, and the page says so.
      () => {},
    );
    return () => abort.abort();
  }, [sessionId, isWanted]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: messages change with every token, the totals only with the history.
  const totals = useMemo(() => {
    const since = turnsOf(messages.slice(index + 1).filter((message) => !isGone(message)));
    return totalsOf(counted !== null && index >= 0 ? [...counted.models, ...since] : since, priceOf);
  }, [history, counted, index >= 0, priceOf]);
  return { totals, isPartial: isPartial && index < 0 };
}
