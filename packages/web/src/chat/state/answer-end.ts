import type { Truncation } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import type { TurnInfo } from "./shown-message.ts";

/** How an answer ended, or was read, other than it seems. */
export interface AnswerNote {
  readonly kind: "cut" | "refused" | "filtered" | "tool_call" | "truncated";
  readonly text: string;
}

/** Returns what is to be said of an answer that completed; empty for one that is whole. */
export function answerNotes({ status, finish_reason, truncation, tokens }: TurnInfo): AnswerNote[] {
  const notes: AnswerNote[] = [];
  if (truncation !== undefined) notes.push({ kind: "truncated", text: truncationText(truncation) });
  if (status !== "completed") return notes;
  const end = endNote(finish_reason, tokens?.output ?? 0);
  return end === null ? notes : [...notes, end];
}

export function truncationText({
  reason,
  read_tokens: read,
  sent_tokens: sent,
  context_window: window,
}: Truncation): string {
  const { promptCut, windowFull, windowFullOf } = t.log.ends;
  if (reason === "prompt_cut") return promptCut(read, sent);
  return window === undefined ? windowFull : windowFullOf(window);
}

function endNote(reason: TurnInfo["finish_reason"], output: number): AnswerNote | null {
  const { cut, cutAt, refused, filtered, toolCall } = t.log.ends;
  switch (reason) {
    case "length":
      return { kind: "cut", text: output > 0 ? cutAt(output) : cut };
    case "refusal":
      return { kind: "refused", text: refused };
    case "content_filter":
      return { kind: "filtered", text: filtered };
    case "tool_call":
      return { kind: "tool_call", text: toolCall };
    default:
      return null;
  }
}
