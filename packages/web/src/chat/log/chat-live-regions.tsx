import { plural } from "../../ui/format.ts";
import { LiveRegion } from "../../ui/live-region.tsx";
import { countSent } from "../state/memory-line.ts";
import type { Chat } from "../state/use-chat.ts";

/** Announces what the page shows: how many messages will be sent, and that an answer is coming or has arrived. */
export function ChatLiveRegions({ chat: { preview, state } }: { chat: Chat }) {
  const { live, messages } = state;
  const last = messages.at(-1);
  const answer = last?.role === "assistant" ? `The assistant said: ${last.content}` : "";
  return (
    <>
      <LiveRegion text={preview === null ? "" : `${plural(countSent(preview), "message")} will be sent`} />
      <LiveRegion text={live === null ? answer : "The assistant is answering"} />
    </>
  );
}
