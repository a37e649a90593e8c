import type { FinishReason } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";

/** An empty answer is a failure: otherwise the question would stay without an answer or a reason. */
export function noAnswer(name: string, finishReason: FinishReason, reasoned: boolean): AppError {
  return new AppError("provider_no_answer", `${name} ${reasonOf(finishReason, reasoned)}`);
}

function reasonOf(finishReason: FinishReason, reasoned: boolean): string {
  switch (finishReason) {
    case "content_filter":
      return "gave no answer: its content filter stopped it. Change the message, or choose another model.";
    case "refusal":
      return "refused without an answer. Change the message, or choose another model.";
    default:
      return reasoned
        ? "gave no answer: it used its tokens for thinking. Try again, or choose another model."
        : "ended without an answer: not a word came. Try again, or choose another model.";
  }
}
