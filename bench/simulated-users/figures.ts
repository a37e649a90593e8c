import { percentile } from "../load.ts";

/** What the users saw since the measurement began. */
export class Figures {
  readonly firstTextMs: number[] = [];
  readonly turnMs: number[] = [];
  readonly errors = new Map<string, number>();
  /** All sessions, including those of the warm-up. */
  readonly sessions = new Set<string>();
  /** Answers that are streaming now. */
  open = 0;
  mostOpen = 0;
  #sessionsBefore = 0;
  #openSeconds = 0;
  #changedAt = performance.now();
  #measuredFrom = performance.now();

  /** Begins the measurement. */
  reset(): void {
    this.firstTextMs.length = 0;
    this.turnMs.length = 0;
    this.errors.clear();
    this.mostOpen = this.open;
    this.#sessionsBefore = this.sessions.size;
    this.#openSeconds = 0;
    this.#measuredFrom = performance.now();
    this.#changedAt = this.#measuredFrom;
  }

  begin(): void {
    this.#passTime();
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
  }

  end(): void {
    this.#passTime();
    this.open--;
  }

  complete(ms: number, firstTextMs: number | undefined): void {
    this.turnMs.push(ms);
    if (firstTextMs !== undefined) this.firstTextMs.push(firstTextMs);
  }

  fail(code: string): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  get failed(): number {
    return this.errors.values().reduce((sum, count) => sum + count, 0);
  }

  /** Returns the figures since the measurement began. */
  held() {
    this.#passTime();
    const seconds = (this.#changedAt - this.#measuredFrom) / 1000;
    return {
      seconds,
      turns: this.turnMs.length,
      sessions: this.sessions.size - this.#sessionsBefore,
      averageOpen: this.#openSeconds / seconds,
      mostOpen: this.mostOpen,
    };
  }

  #passTime(): void {
    const now = performance.now();
    this.#openSeconds += (this.open * (now - this.#changedAt)) / 1000;
    this.#changedAt = now;
  }
}

export type Held = ReturnType<Figures["held"]>;

/** Formats median, p95 and p99 in ms: `12 / 40 / 95`. */
export const spread = (values: readonly number[]): string =>
  values.length === 0
    ? "–"
    : [0.5, 0.95, 0.99].map((share) => percentile(values, share).toFixed(0)).join(" / ");
