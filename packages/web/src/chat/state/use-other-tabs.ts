import { useEffect } from "react";
import type { Conversation } from "./conversation.ts";

/** Tabs of this browser tell each other in which session a turn has begun. */
const channel = new BroadcastChannel("memory-magic");

/** Shows at once what happens to the session elsewhere: in another tab, or on another machine meanwhile. */
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
