import { useEffect, useMemo, useSyncExternalStore } from "react";
import { Conversation } from "./conversation.ts";
import { Outbox } from "./outbox.ts";

/** Conversations with messages that only this page has. They stay alive while not shown. */
const unfinished = new Map<string, Conversation>();

/** Keeps a conversation that was started before its session is shown. */
export function keepUntilShown(conversation: Conversation): void {
  unfinished.set(conversation.sessionId, conversation);
}

/** Forgets what a deleted session has not sent. */
export function forgetUnsent(sessionId: string): void {
  unfinished.get(sessionId)?.close();
  unfinished.delete(sessionId);
  new Outbox(sessionId).clear();
}

function restored(sessionId: string): Conversation {
  const conversation = new Conversation(sessionId);
  conversation.restoreQueue();
  return conversation;
}

/** Loads the conversation of a session and follows it while it is shown. */
export function useConversation(sessionId: string) {
  const conversation = useMemo(() => unfinished.get(sessionId) ?? restored(sessionId), [sessionId]);
  const { store } = conversation;
  const state = useSyncExternalStore(store.subscribe, store.get);

  useEffect(() => {
    unfinished.delete(conversation.sessionId);
    // A conversation with a running answer is shown as it is.
    if (conversation.isClosed || conversation.store.get().live === null) void conversation.load();
    return () => {
      if (conversation.hasUnsent) unfinished.set(conversation.sessionId, conversation);
      else conversation.close();
    };
  }, [conversation]);

  return { conversation, state };
}
