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

/**
 * A turn's text so far in this process. Only what Redis has acknowledged is ever put in. A follower is a position
 * in it, so a slow one costs no buffer and sees fewer, longer pieces.
 */
export class TurnFeed {
  text = "";
  outcome: TurnOutcome | undefined;
  /** Set instead of an outcome when it could not be found out. */
  error: unknown;
  readonly #waiting = new Set<() => void>();

  push(text: string): void {
    this.text += text;
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
    while (!signal?.aborted) {
      if (this.text.length > position) {
        const text = this.text.slice(position);
        position = this.text.length;
        yield { type: "text", text, length: position };
      } else if (this.outcome !== undefined) {
        yield { type: "end", outcome: this.outcome, length: this.text.length };
        return;
      } else if (this.error !== undefined) {
        throw this.error;
      } else {
        await this.#change(signal);
      }
    }
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener("abort", done);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
