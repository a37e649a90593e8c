import { useEffect, useMemo, useSyncExternalStore } from "react";
import { Conversation } from "./conversation.ts";

/** Conversations that have what no server has: messages that wait, or were refused. They go on when not shown. */
const unfinished = new Map<string, Conversation>();

function hasOwnState(conversation: Conversation): boolean {
  const { waiting, messages } = conversation.store.get();
  return waiting.length > 0 || messages.some(({ delivery }) => delivery === "refused");
}

/** A conversation that was begun before its session is shown. */
export function keepUntilShown(conversation: Conversation): void {
  unfinished.set(conversation.sessionId, conversation);
}

/** The conversation of a session, loaded, and followed while it is shown. */
export function useConversation(sessionId: string) {
  const conversation = useMemo(() => unfinished.get(sessionId) ?? new Conversation(sessionId), [sessionId]);
  const { store } = conversation;
  const state = useSyncExternalStore(store.subscribe, store.get);

  useEffect(() => {
    unfinished.delete(conversation.sessionId);
    // One that answers already is shown as it is.
    if (conversation.isClosed || conversation.store.get().live === null) void conversation.load();
    return () => {
      if (hasOwnState(conversation)) unfinished.set(conversation.sessionId, conversation);
      else conversation.close();
    };
  }, [conversation]);

  return { conversation, state };
}
