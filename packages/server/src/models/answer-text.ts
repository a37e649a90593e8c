import type { AnswerSink } from "../chat/chat-model.ts";
import { ProviderFailure } from "./provider-failure.ts";

/**
 * Passes the pieces of an answer on to its sink, in whole characters: what is cut in the middle of a surrogate
 * pair waits for its other half, since each piece is encoded and stored for itself.
 */
export class AnswerText {
  readonly #sink: AnswerSink;
  #half = "";

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** @throws ProviderFailure `provider_failed` if the piece is no string */
  push(piece: unknown): void {
    if (typeof piece !== "string") throw new ProviderFailure("provider_failed");
    let text = this.#half + piece;
    this.#half = "";
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#half = text.slice(-1);
      text = text.slice(0, -1);
    }
    if (text !== "") this.#sink.text(text.toWellFormed());
  }

  /** The answer is whole: a half that still waits is shown as the sign for what cannot be read. */
  end(): void {
    if (this.#half !== "") this.#sink.text(this.#half.toWellFormed());
    this.#half = "";
  }
}
