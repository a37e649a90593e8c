import { AppError } from "../errors/app-error.ts";
import { Turnstile } from "./turnstile.ts";

const AT_ONCE = 8;
const WAITING = 1000;

/**
 * How many requests of one caller this process works on at once; more of them wait. An answer that is being put
 * together or that nobody reads takes megabytes here and of Redis' time: dozens of them must not leave others none.
 */
export class FairShare {
  readonly #callers = new Map<string, Turnstile>();

  /** Resolves with what gives the place back. @throws AppError `rate_limited`; or the signal's reason */
  async enter(caller: string, signal: AbortSignal): Promise<() => void> {
    const turnstile = this.#callers.get(caller) ?? new Turnstile(AT_ONCE, WAITING, tooManyAtOnce);
    this.#callers.set(caller, turnstile);
    const leave = await turnstile.enter(signal);
    return () => {
      leave();
      if (turnstile.taken === 0) this.#callers.delete(caller);
    };
  }
}

const tooManyAtOnce = (): AppError =>
  new AppError("rate_limited", "These are too many requests at once. Wait until some are answered.", {
    retryAfter: 5,
  });
