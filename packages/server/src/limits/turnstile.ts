import { AppError } from "../chat/app-error.ts";

/** Lets so many in at a time, in the order of arrival; so many may wait. */
export class Turnstile {
  readonly #name: string;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  readonly #places: number;
  #free: number;

  constructor(name: string, places: number, maxWaiting: number) {
    this.#name = name;
    this.#places = places;
    this.#free = places;
    this.#maxWaiting = maxWaiting;
  }

  /** Places that are taken. */
  get taken(): number {
    return this.#places - this.#free;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves with what gives the place back. Rejects with `provider_overloaded`, or with the signal's reason. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    return () => {
      const [next] = this.#waiting;
      // Handed over without ever being free: nobody who comes now can slip in between.
      if (next === undefined) this.#free++;
      else next();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) {
      throw new AppError(
        "provider_overloaded",
        `${this.#name} has as many answers to write as this server allows, and ${this.#maxWaiting} are waiting already. Try again in a moment, or choose another provider.`,
        { retryAfter: 5 },
      );
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        this.#waiting.delete(enter);
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(enter);
    });
  }
}
