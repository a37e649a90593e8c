import { AppError } from "../errors/app-error.ts";
import { Semaphore } from "../semaphore.ts";

const AT_ONCE = 8;
const WAITING = 1000;

/**
 * Limits how many requests of one caller this process handles at once; the others wait. An answer that is being built,
 * or that its client does not read, takes megabytes here and time in Redis: dozens of them must not block other callers.
 */
export class PerCallerConcurrency {
  readonly #callers = new Map<string, Semaphore>();

  /** Resolves with a function that releases the permit. @throws AppError `rate_limited`; or the signal's reason */
  async acquire(caller: string, signal: AbortSignal): Promise<() => void> {
    // Before the caller has an entry, which is removed when a permit is released.
    signal.throwIfAborted();
    const semaphore = this.#callers.get(caller) ?? new Semaphore(AT_ONCE, WAITING, tooManyAtOnce);
    this.#callers.set(caller, semaphore);
    const release = await semaphore.acquire(signal);
    return () => {
      release();
      if (semaphore.held === 0) this.#callers.delete(caller);
    };
  }
}

const tooManyAtOnce = (): AppError =>
  new AppError("rate_limited", "These are too many requests at once. Wait until some are answered.", {
    retryAfter: 5,
  });
