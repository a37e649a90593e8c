import type { Activity, AnswerSink, ToolCallPiece } from "../src/chat/chat-model.ts";

/** A sink that keeps what it is given; `onText` is called at each piece, with all that there are. */
export class AnswerRecorder implements AnswerSink {
  readonly pieces: string[] = [];
  thoughts = 0;
  reasoned = "";
  readonly toolCalls: ToolCallPiece[] = [];
  readonly activities: Activity[] = [];
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

  reasoning(piece: string): void {
    this.thoughts++;
    this.reasoned += piece;
  }

  toolCall(piece: ToolCallPiece): void {
    this.toolCalls.push(piece);
  }

  alive(activity?: Activity): void {
    if (activity !== undefined) this.activities.push(activity);
  }
}
