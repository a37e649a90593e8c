import type { ContextReport } from "@redis-memory-magic/protocol";
import { formatCount, plural } from "../../ui/format.ts";
import { LiveRegion } from "../../ui/live-region.tsx";
import { answerNotes } from "../state/answer-end.ts";
import type { ConversationState } from "../state/conversation-state.ts";
import { countRecalled, countSent } from "../state/memory-line.ts";
import type { Chat } from "../state/use-chat.ts";

/** Announces what the page shows: how many messages will be sent, and that an answer is coming or has arrived. */
export function ChatLiveRegions({ chat: { preview, state } }: { chat: Chat }) {
  const { live, messages } = state;
  const last = messages.at(-1);
  const answer = last?.role === "assistant" ? `The assistant said: ${last.content}` : "";
  return (
    <>
      <LiveRegion text={preview === null ? "" : sendingText(preview)} />
      <LiveRegion text={live === null ? answer : "The assistant is answering"} />
      <LiveRegion isUrgent text={failureText(state)} />
    </>
  );
}

function sendingText(preview: ContextReport): string {
  const recalled = countRecalled(preview);
  const and = recalled === 0 ? "" : ` and ${formatCount(recalled)} recalled`;
  return `${plural(countSent(preview), "message")}${and} will be sent`;
}

/** Returns what went wrong last: a refused message, a turn that did not complete or was cut, messages that are gone. */
function failureText({ messages, outcome, gone, live }: ConversationState): string {
  if (live !== null) return "";
  const last = messages.at(-1);
  const refusal = last?.refusal;
  if (refusal) return `Not sent. ${refusal.error.message}`;
  if (outcome?.status === "failed") return `The answer failed. ${outcome.detail ?? ""}`;
  if (outcome?.status === "interrupted") return "The answer was interrupted.";
  if (outcome?.status === "cancelled") return "The answer was stopped.";
  const notes = last?.turn === undefined ? [] : answerNotes(last.turn);
  if (notes.length > 0) return notes.map(({ text }) => text).join(" ");
  return gone === null ? "" : "Redis no longer has the messages of this session.";
}
