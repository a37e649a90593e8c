import type { AppError } from "../errors/app-error.ts";

/** Lets so many in at a time, in the order of arrival; so many may wait. */
export class Turnstile {
  readonly #maxWaiting: number;
  readonly #full: () => AppError;
  readonly #waiting = new Set<() => void>();
  readonly #places: number;
  #free: number;

  /** @param full what who comes is told when as many as may wait already */
  constructor(places: number, maxWaiting: number, full: () => AppError) {
    this.#places = places;
    this.#free = places;
    this.#maxWaiting = maxWaiting;
    this.#full = full;
  }

  /** Places that are taken. */
  get taken(): number {
    return this.#places - this.#free;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves with what gives the place back. Rejects when too many wait, or with the signal's reason. */
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
    if (this.#waiting.size >= this.#maxWaiting) throw this.#full();
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
