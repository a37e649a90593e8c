import { AppError } from "../../../errors/app-error.ts";

/** Lets one in at a time, in the order of arrival; so many may wait. */
export class Queue {
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Resolves, when it is the caller's turn, with what ends the turn. Rejects with `provider_overloaded`, or
   * with the signal's reason.
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      // Handed over without ever being free: nobody who comes now can slip in between.
      if (next === undefined) this.#taken = false;
      else next();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new AppError(
        "provider_overloaded",
        `The built-in model answers one message at a time, and ${this.#maxWaiting} are waiting already. Try again in a moment, or choose another provider.`,
        { retryAfter: 5 },
      );
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(enter);
    });
  }
}
