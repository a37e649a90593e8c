/** Admits a number of holders at a time, in the order of arrival; a limited number may wait. */
export class Semaphore {
  readonly permits: number;
  readonly #maxWaiting: number;
  readonly #queueFull: () => Error;
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** @param queueFull creates the error of `acquire` when `maxWaiting` callers are waiting already */
  constructor(permits: number, maxWaiting: number, queueFull: () => Error) {
    this.permits = permits;
    this.#free = permits;
    this.#maxWaiting = maxWaiting;
    this.#queueFull = queueFull;
  }

  /** Permits that are held now. */
  get held(): number {
    return this.permits - this.#free;
  }

  /** Callers that wait for a permit. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** True if a caller of `acquire` would wait now: all permits are held, and the queue has a place. */
  get hasToWait(): boolean {
    return this.#free === 0 && this.#waiting.size < this.#maxWaiting;
  }

  /** Resolves with a function that releases the permit once. Rejects if the queue is full, or with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const [next] = this.#waiting;
      // The permit passes to the next waiter without being free in between, so a later caller cannot overtake it.
      if (next === undefined) this.#free++;
      else next();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) throw this.#queueFull();
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        this.#waiting.delete(grant);
        signal.removeEventListener("abort", cancel);
        resolve();
      };
      const cancel = (): void => {
        this.#waiting.delete(grant);
        reject(signal.reason);
      };
      signal.addEventListener("abort", cancel, { once: true });
      this.#waiting.add(grant);
    });
  }
}
