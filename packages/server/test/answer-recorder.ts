import type { Activity, AnswerSink, ToolCallPiece } from "../src/chat/chat-model.ts";
import type { Phase } from "../src/chat/context-item.ts";

/** A sink that keeps what it is given; `onText` is called at each piece, with all that there are. */
export class AnswerRecorder implements AnswerSink {
  readonly pieces: string[] = [];
  thoughts = 0;
  reasoned = "";
  readonly toolCalls: ToolCallPiece[] = [];
  /** In which order the first of each kind came. */
  readonly order: ("text" | "reasoning" | "toolCall")[] = [];
  readonly activities: Activity[] = [];
  /** The phases of the messages that began by themselves. */
  readonly phases: (Phase | undefined)[] = [];
  readonly #onText: (pieces: readonly string[]) => void;

  constructor(onText: (pieces: readonly string[]) => void = () => {}) {
    this.#onText = onText;
  }

  get answer(): string {
    return this.pieces.join("");
  }

  /** The calls, each put together. */
  get calls(): { id: string | undefined; name: string | undefined; arguments: string }[] {
    return Object.values(Object.groupBy(this.toolCalls, ({ index }) => index)).map((pieces = []) => ({
      id: pieces.find(({ id }) => id !== undefined)?.id,
      name: pieces.find(({ name }) => name !== undefined)?.name,
      arguments: pieces.map((piece) => piece.arguments).join(""),
    }));
  }

  message(phase: Phase | undefined): void {
    this.phases.push(phase);
  }

  text(piece: string): void {
    this.#note("text");
    this.pieces.push(piece);
    this.#onText(this.pieces);
  }

  reasoning(piece: string): void {
    this.#note("reasoning");
    this.thoughts++;
    this.reasoned += piece;
  }

  toolCall(piece: ToolCallPiece): void {
    this.#note("toolCall");
    this.toolCalls.push(piece);
  }

  #note(kind: "text" | "reasoning" | "toolCall"): void {
    if (!this.order.includes(kind)) this.order.push(kind);
  }

  ending(): void {}

  alive(activity?: Activity): void {
    if (activity !== undefined) this.activities.push(activity);
  }
}
