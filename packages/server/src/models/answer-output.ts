import type { FinishReason, Usage } from "@redis-memory-magic/protocol";
import type { AnswerSink, Completion, ToolCallPiece } from "../chat/chat-model.ts";
import { ReasoningTags } from "../chat/reasoning-tags.ts";
import { finishReasonOf } from "./finish-reason.ts";
import { providerFailure } from "./provider-failure.ts";

/**
 * The output of one answer, whatever wire it came over. Passes the pieces on to a sink and derives how the answer
 * ended. What a provider sends may be anything; it is put into these few forms here.
 */
export class AnswerOutput {
  readonly #sink: AnswerSink;
  readonly #tags: ReasoningTags;
  #text = false;
  #refusal = false;
  #toolCall = false;

  /** @param reasoningIsOpen true if the model's chat template opens `<think>` itself */
  constructor(sink: AnswerSink, reasoningIsOpen = false) {
    this.#sink = sink;
    this.#tags = new ReasoningTags(
      {
        text: (piece) => {
          this.#text ||= piece.trim() !== "";
          sink.text(piece);
        },
        reasoning: (piece) => sink.reasoning(piece),
      },
      reasoningIsOpen,
    );
  }

  /** True if the answer closed a `<think>` that it had not opened. */
  get reasoningWasOpen(): boolean {
    return this.#tags.closedByTemplate;
  }

  /**
   * Takes a message's content: a string, or an array of parts, which may be text, refusals or reasoning.
   * @throws AppError `provider_failed` if it is something else
   */
  content(content: unknown): void {
    if (content === null || content === undefined) return;
    if (typeof content === "string") {
      if (content !== "") this.#tags.push(content);
      return;
    }
    if (!Array.isArray(content)) throw providerFailure("provider_failed");
    for (const part of content) this.#part(part);
  }

  refusal(piece: unknown): void {
    if (typeof piece !== "string" || piece === "") return;
    this.#refusal = true;
    this.#tags.push(piece);
  }

  reasoning(piece: unknown): void {
    const text = reasoningText(piece);
    if (text === null) return;
    this.#tags.reasonedElsewhere();
    this.#sink.reasoning(text);
  }

  toolCall(piece: ToolCallPiece): void {
    this.#toolCall = true;
    this.#sink.toolCall(piece);
  }

  /** @param reason what the provider called the end */
  complete(reason: unknown, usage: Usage | null): Completion {
    this.#tags.end();
    const parts = { text: this.#text, refusal: this.#refusal, toolCall: this.#toolCall };
    const finishReason: FinishReason = finishReasonOf(reason, parts);
    return { usage, finishReason };
  }

  #part(part: unknown): void {
    if (typeof part === "string") this.content(part);
    if (typeof part !== "object" || part === null) return;
    const { type, text, refusal, thinking, reasoning } = part as Readonly<Record<string, unknown>>;
    if (refusal !== undefined) this.refusal(refusal);
    else if (type === "thinking" || type === "reasoning") this.reasoning(thinking ?? reasoning ?? text);
    else if (typeof text === "string") this.content(text);
  }
}

/** The text of what a model thinks; null if there is none. Mistral sends it in parts. */
function reasoningText(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  if (Array.isArray(value)) {
    const texts = value.flatMap((part) => reasoningText(part) ?? []);
    return texts.length > 0 ? texts.join("") : null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { text, summary } = value as Readonly<Record<string, unknown>>;
  return reasoningText(text ?? summary);
}
