import { useEffect, useMemo, useSyncExternalStore } from "react";
import { Conversation } from "./conversation.ts";

/** The conversation of a session, loaded, and followed while it is shown. */
export function useConversation(sessionId: string) {
  const conversation = useMemo(() => new Conversation(sessionId), [sessionId]);
  const { store } = conversation;
  const state = useSyncExternalStore(store.subscribe, store.get);

  useEffect(() => {
    void conversation.load();
    return () => conversation.close();
  }, [conversation]);

  return { conversation, state };
}
