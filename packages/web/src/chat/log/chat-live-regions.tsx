import { plural } from "../../ui/format.ts";
import { LiveRegion } from "../../ui/live-region.tsx";
import { countSent } from "../state/memory-line.ts";
import type { Chat } from "../state/use-chat.ts";

/** In words what the page shows: how far the memory reaches, and that an answer comes or has come. */
export function ChatLiveRegions({ chat: { preview, state } }: { chat: Chat }) {
  const { live, messages } = state;
  const last = messages.at(-1);
  const answer = last?.role === "assistant" ? `The assistant said: ${last.content}` : "";
  return (
    <>
      <LiveRegion words={preview === null ? "" : `${plural(countSent(preview), "message")} will be sent`} />
      <LiveRegion words={live === null ? answer : "The assistant is answering"} />
    </>
  );
}
