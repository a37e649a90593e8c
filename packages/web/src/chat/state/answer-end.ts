import type { Truncation } from "@redis-memory-magic/protocol";
import { formatCount } from "../../ui/format.ts";
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
  if (reason === "prompt_cut")
    return `The model probably read only ${formatCount(read)} of the ${formatCount(sent)} tokens that it was sent: its server dropped the beginning. A smaller context window prevents that.`;
  const size = window === undefined ? "" : ` of ${formatCount(window)} tokens`;
  return `Prompt and answer were longer than the model's window${size}: it lost the beginning while it wrote.`;
}

function endNote(reason: TurnInfo["finish_reason"], output: number): AnswerNote | null {
  switch (reason) {
    case "length":
      return {
        kind: "cut",
        text: `Cut at the limit${output > 0 ? ` of ${formatCount(output)} tokens` : ""}.`,
      };
    case "refusal":
      return { kind: "refused", text: "The model refused to answer this." };
    case "content_filter":
      return { kind: "filtered", text: "The provider's content filter stopped this answer." };
    case "tool_call":
      return { kind: "tool_call", text: "The model asked for a tool, and waits for its result." };
    default:
      return null;
  }
}
