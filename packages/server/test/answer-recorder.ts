import type { AnswerSink } from "../src/chat/chat-model.ts";

/** A sink that keeps what it is given; `onText` is called at each piece, with all that there are. */
export class AnswerRecorder implements AnswerSink {
  readonly pieces: string[] = [];
  thoughts = 0;
  readonly #onText: (pieces: readonly string[]) => void;

  constructor(onText: (pieces: readonly string[]) => void = () => {}) {
    this.#onText = onText;
  }

  get answer(): string {
    return this.pieces.join("");
  }

  text(piece: string): void {
    this.pieces.push(piece);
    this.#onText(this.pieces);
  }

  thinking(): void {
    this.thoughts++;
  }
}
