import { Announcer } from "../announcer/announcer.tsx";
import { counted } from "../format/format.ts";
import { countSent } from "../memory-line/memory-line.ts";
import type { Chat } from "./use-chat.ts";

/** In words what the page shows: how far the memory reaches, and that an answer comes or has come. */
export function ChatAnnouncer({ chat: { preview, state } }: { chat: Chat }) {
  const { live, messages } = state;
  const last = messages.at(-1);
  const answer = last?.role === "assistant" ? `The assistant said: ${last.content}` : "";
  return (
    <>
      <Announcer words={preview === null ? "" : `${counted(countSent(preview), "message")} will be sent`} />
      <Announcer words={live === null ? answer : "The assistant is answering"} />
    </>
  );
}
