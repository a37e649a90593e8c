/** What is counted over a time. */
export type Meter = "requests" | "tokens" | "usd" | "bytes";

/** How long each is counted, from the first use on. */
export const WINDOW_SECONDS: Readonly<Record<Meter, number>> = {
  requests: 60,
  tokens: 86_400,
  usd: 86_400,
  bytes: 86_400,
};

export interface Balance {
  readonly allowed: boolean;
  readonly remaining: number;
  /** When the count begins anew, in ms from now. */
  readonly resetMs: number;
}

/**
 * The port to what counts, for all servers together. While that is away each process counts for itself: nothing
 * here rejects for it.
 */
export interface Meters {
  /** Counts so many units, unless they are more than what is left: then none. */
  take(meter: Meter, subject: string, units: number, quota: number): Promise<Balance>;
  /** Counts so many more, or fewer, in any case. Nobody waits for it. */
  adjust(meter: Meter, subject: string, units: number, quota: number): void;
  /** One of so many places, with what gives it back. Null: all are taken. */
  enter(subject: string, places: number): Promise<(() => void) | null>;
}
