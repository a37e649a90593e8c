import type { TurnEnd } from "./turn-record.ts";

/** How a turn ended, as its followers are told. */
export interface TurnOutcome {
  readonly status: TurnEnd;
  /** Messages in the session then; null where that is not known: the session is gone, or Redis away. */
  readonly count: number | null;
}

/** A piece of a turn's text, or its end. `length` is that of the text so far, in UTF-16 units. */
export type TurnUpdate =
  | { readonly type: "text"; readonly text: string; readonly length: number }
  | { readonly type: "end"; readonly outcome: TurnOutcome; readonly length: number };

// A reader that does not read is one such piece behind, not a whole answer.
const MAX_PIECE = 16_384;

const PIECES = 64;

/** What follows a position, up to so much, without half a surrogate pair at its end. */
function piece(text: string, position: number): string {
  const end = position + MAX_PIECE;
  const splits = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
  const slice = text.slice(position, splits ? end - 1 : end);
  // A copy: a slice would keep the whole text alive, once for each length that it had, for as long as it is held.
  return Buffer.from(slice, "utf16le").toString("utf16le");
}

/**
 * A turn's text so far in this process. Only what Redis has acknowledged is ever put in. A follower is a position
 * in it, so a slow one costs no buffer and sees fewer, longer pieces.
 */
export class TurnFeed {
  text = "";
  outcome: TurnOutcome | undefined;
  /** Set instead of an outcome when it could not be found out. */
  error: unknown;
  #newest = "";
  #pieces = 0;
  readonly #waiting = new Set<() => void>();

  push(text: string): void {
    this.text += text;
    this.#newest = text;
    // Left as it is, a text put together of tokens is a tree of them, of ten times its size; this makes it one string.
    if (++this.#pieces % PIECES === 0) this.text.charCodeAt(0);
    this.#wake();
  }

  end(outcome: TurnOutcome): void {
    this.outcome ??= outcome;
    this.#wake();
  }

  fail(error: unknown): void {
    this.error ??= error;
    this.#wake();
  }

  /** Calls back once, when there is nothing more to come. */
  onSettled(listener: () => void): void {
    const check = (): void => {
      if (!this.settled) return;
      this.#waiting.delete(check);
      listener();
    };
    this.#waiting.add(check);
  }

  get settled(): boolean {
    return this.outcome !== undefined || this.error !== undefined;
  }

  /** From a position to the end. @throws the error that kept this process from knowing how it goes on */
  async *follow(from: number, signal?: AbortSignal): AsyncGenerator<TurnUpdate, void, void> {
    let position = from;
    let wake = (): void => {};
    const onChange = (): void => wake();
    this.#waiting.add(onChange);
    signal?.addEventListener("abort", onChange, { once: true });
    try {
      while (!signal?.aborted) {
        if (this.text.length > position) {
          // Who is up to date gets the newest piece as it is: nothing is cut out of the long text.
          const isNewest =
            this.text.length - position === this.#newest.length && this.#newest.length <= MAX_PIECE;
          const text = isNewest ? this.#newest : piece(this.text, position);
          position += text.length;
          yield { type: "text", text, length: position };
        } else if (this.outcome !== undefined) {
          yield { type: "end", outcome: this.outcome, length: this.text.length };
          return;
        } else if (this.error !== undefined) {
          throw this.error;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#waiting.delete(onChange);
      signal?.removeEventListener("abort", onChange);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
