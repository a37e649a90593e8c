import { t } from "../../texts/texts.ts";
import { LiveRegion } from "../../ui/live-region.tsx";
import { answerNotes } from "../state/answer-end.ts";
import type { ConversationState } from "../state/conversation-state.ts";
import { countRecalled, countSent } from "../state/memory-line.ts";
import type { Chat } from "../state/use-chat.ts";

/** Announces what the page shows: how many messages will be sent, and that an answer is coming or has arrived. */
export function ChatLiveRegions({ chat: { preview, state } }: { chat: Chat }) {
  const { live, messages } = state;
  const last = messages.at(-1);
  const answer = last?.role === "assistant" ? t.log.said(last.content) : "";
  return (
    <>
      <LiveRegion
        text={preview === null ? "" : t.composer.willBeSent(countSent(preview), countRecalled(preview))}
      />
      <LiveRegion text={live === null ? answer : t.log.answering} />
      <LiveRegion isUrgent text={failureText(state)} />
    </>
  );
}

/** Returns what went wrong last: a refused message, a turn that did not complete or was cut, messages that are gone. */
function failureText({ messages, outcome, gone, live }: ConversationState): string {
  if (live !== null) return "";
  const { urgent } = t.log;
  const last = messages.at(-1);
  const refusal = last?.refusal;
  if (refusal) return urgent.refused(refusal.error.message);
  if (outcome?.status === "failed") return urgent.failed(outcome.detail ?? "");
  if (outcome?.status === "interrupted" || outcome?.status === "cancelled") return urgent[outcome.status];
  const notes = last?.turn === undefined ? [] : answerNotes(last.turn);
  if (notes.length > 0) return notes.map(({ text }) => text).join(" ");
  return gone === null ? "" : urgent.gone;
}
