const EVERY_MS = 20;
/** How late a timer fires in a process that has nothing else to do. */
const IDLE_LAG_MS = 2;
const MAX_WINDOW_MS = 50;

/**
 * How long pieces of output wait to be appended together: not at all while the event loop is idle, and longer the later
 * it runs its timers. So a process that has too much to do makes fewer, larger appends. Shared by all writers.
 */
export class AppendWindow {
  readonly #now: () => number;
  #lagMs = 0;
  #writers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param now the time in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** In milliseconds. */
  get ms(): number {
    return Math.min(MAX_WINDOW_MS, Math.max(0, this.#lagMs - IDLE_LAG_MS));
  }

  /** Measures the loop's lag until as many calls of `close` as of this. */
  open(): void {
    if (this.#writers++ > 0) return;
    let due = this.#now() + EVERY_MS;
    this.#timer = setInterval(() => {
      const now = this.#now();
      // It grows at once and shrinks slowly: a queue of work is over before the timer that waited behind it.
      this.#lagMs = Math.max(now - due, this.#lagMs / 2);
      due = now + EVERY_MS;
    }, EVERY_MS);
    // Timers that keep a process from exiting are Node.js' own.
    (this.#timer as Partial<NodeJS.Timeout>).unref?.();
  }

  close(): void {
    if (--this.#writers > 0) return;
    clearInterval(this.#timer);
    this.#lagMs = 0;
  }
}
