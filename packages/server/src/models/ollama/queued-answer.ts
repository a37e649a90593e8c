import type { Activity, AnswerSink, ToolCallPiece } from "../../chat/chat-model.ts";
import type { Phase } from "../../chat/context-item.ts";

const STILL_QUEUED_MS = 5000;

/**
 * Passes an answer on. Reports it as queued while nothing of it has come and others come: Ollama makes one answer at a
 * time, unless it is set to make more.
 */
export class QueuedAnswer implements AnswerSink {
  readonly #sink: AnswerSink;
  readonly #answers: { coming: number };
  #timer: NodeJS.Timeout | undefined;
  #begun = false;

  /** @param answers how many of this server's answers have begun to come; this one is counted until its end */
  constructor(sink: AnswerSink, answers: { coming: number }) {
    this.#sink = sink;
    this.#answers = answers;
    this.#timer = setInterval(() => {
      if (answers.coming > 0) sink.alive("queued");
    }, STILL_QUEUED_MS).unref();
  }

  message(phase: Phase | undefined): void {
    this.#sink.message(phase);
  }

  text(piece: string): void {
    this.#begin();
    this.#sink.text(piece);
  }

  reasoning(piece: string): void {
    this.#begin();
    this.#sink.reasoning(piece);
  }

  toolCall(piece: ToolCallPiece): void {
    this.#begin();
    this.#sink.toolCall(piece);
  }

  ending(): void {
    this.#sink.ending();
  }

  alive(activity?: Activity): void {
    this.#sink.alive(activity);
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#begun) this.#answers.coming -= 1;
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#answers.coming += 1;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
