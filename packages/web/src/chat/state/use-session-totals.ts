import type { TotalsResponse } from "@redis-memory-magic/protocol";
import { useEffect, useMemo, useState } from "react";
import { fetchTotals } from "../../api/endpoints.ts";
import type { ConversationState } from "./conversation-state.ts";
import { type PriceOf, totalsOf, turnsOf } from "./session-totals.ts";

/** What the server added up, up to and including the message with this key. */
interface Counted {
  readonly upTo: string;
  readonly models: TotalsResponse["models"];
}

/**
 * What a session has taken. A short one is on the page whole; for a long one the server is asked once, and what is
 * said from then on is added here. `isPartial`: only what is loaded is counted, for as long as the server has not told.
 */
export function useSessionTotals(state: ConversationState, history: string | null, priceOf: PriceOf) {
  const { sessionId, messages, olderBefore, live } = state;
  const [counted, setCounted] = useState<Counted | null>(null);
  const isPartial = olderBefore !== null;
  const place = counted === null ? -1 : messages.findIndex(({ key }) => key === counted.upTo);
  const isWanted = isPartial && place < 0 && live === null && history !== null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once; what the newest message is then, is told with it.
  useEffect(() => {
    const newest = messages.findLast(({ delivery }) => delivery === "stored");
    if (!isWanted || newest === undefined) return;
    const abort = new AbortController();
    fetchTotals(sessionId, abort.signal).then(
      ({ models }) => setCounted({ upTo: newest.key, models }),
      // What is loaded is counted, and the page says that it is no more.
      () => {},
    );
    return () => abort.abort();
  }, [sessionId, isWanted]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: messages change with every word, what they took with the history.
  const totals = useMemo(() => {
    const since = turnsOf(messages.slice(place + 1));
    return totalsOf(counted !== null && place >= 0 ? [...counted.models, ...since] : since, priceOf);
  }, [history, counted, place >= 0, priceOf]);
  return { totals, isPartial: isPartial && place < 0 };
}
