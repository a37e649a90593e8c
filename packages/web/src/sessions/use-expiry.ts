import type { Session } from "@redis-memory-magic/protocol";
import { useEffect } from "react";
import type { Conversation } from "../chat/state/conversation.ts";
import { showToast } from "../ui/toasts.ts";

/** Redis removes a key within a second after it has expired. */
const AFTER_MS = 1_500;
/** The longest delay of a timer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Reloads the session when it expires, and reports that its messages are gone. */
export function useExpiry(session: Session | undefined, conversation: Conversation): void {
  const expiresAt = session?.expires_at;
  useEffect(() => {
    if (expiresAt === undefined) return;
    const wait = Date.parse(expiresAt) - Date.now() + AFTER_MS;
    if (wait < 0 || wait > LONGEST_TIMER_MS) return;
    const timer = setTimeout(async () => {
      const had = conversation.store.get().messages.length;
      await conversation.load();
      const { load, messages } = conversation.store.get();
      if (had > 0 && load === "ready" && messages.length === 0) {
        showToast("The session has expired: Redis has let its messages go");
      }
    }, wait);
    return () => clearTimeout(timer);
  }, [expiresAt, conversation]);
}
