import type { Session } from "@redis-memory-magic/protocol";
import { useEffect } from "react";
import { serverNow } from "../api/server-clock.ts";
import type { Conversation } from "../chat/state/conversation.ts";

/** Redis serves no key after its time; this covers the clocks' and the Date header's inaccuracy. */
const AFTER_MS = 1_200;
/** The longest delay of a timer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Looks at the session again when its TTL ends, and whenever the list no longer has it: what Redis does not have, the
 * page must not show as remembered. `listedAt` changes with each answer of the list.
 */
export function useExpiry(session: Session | undefined, conversation: Conversation, listedAt: unknown): void {
  const expiresAt = session?.expires_at;
  useEffect(() => {
    if (expiresAt === undefined) return;
    conversation.setExpiry(expiresAt);
    const wait = Math.max(0, Date.parse(expiresAt) - serverNow()) + AFTER_MS;
    if (wait > LONGEST_TIMER_MS) return;
    const timer = setTimeout(() => void conversation.refresh(), wait);
    return () => clearTimeout(timer);
  }, [expiresAt, conversation]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs with each answer of the list.
  useEffect(() => {
    const { messages, live } = conversation.store.get();
    if (expiresAt !== undefined || live !== null) return;
    if (messages.some(({ id, delivery }) => id !== null && delivery === "stored"))
      void conversation.refresh();
  }, [expiresAt, listedAt, conversation]);
}
