import { useEffect } from "react";
import type { Conversation } from "./conversation.ts";

/** Tabs of this browser notify each other of started turns. */
const channel = new BroadcastChannel("memory-magic");

/** Tells other tabs that a session has changed in a way that starts no turn. */
export const announceChange = (sessionId: string): void => channel.postMessage(sessionId);

/** Refreshes the conversation when another tab starts a turn, or when the page becomes visible. */
export function useOtherTabs(conversation: Conversation, runningTurnId: string | null): void {
  const { sessionId } = conversation;

  useEffect(() => {
    if (runningTurnId !== null) channel.postMessage(sessionId);
  }, [sessionId, runningTurnId]);

  useEffect(() => {
    const onMessage = ({ data }: MessageEvent) => {
      if (data === sessionId) void conversation.refresh();
    };
    const onVisible = () => {
      if (document.visibilityState === "visible") void conversation.refresh();
    };
    channel.addEventListener("message", onMessage);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      channel.removeEventListener("message", onMessage);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [conversation, sessionId]);
}
