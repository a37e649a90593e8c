import type { Price } from "@redis-memory-magic/protocol";
import { costOf } from "../chat/cost.ts";
import type { Reservation, Spending } from "./reservation.ts";

// Until a tokenizer has counted, or a provider has told.
const BYTES_PER_TOKEN = 3;
// How much more of an answer is reserved at a time, and how long before that is needed.
const STEP_TOKENS = 100;
const AHEAD_TOKENS = 50;

const UNUSED: Spending = { tokens: 0, usd: 0 };

export const tokensIn = (text: string): number => Buffer.byteLength(text) / BYTES_PER_TOKEN;

export function spending(price: Price | null, input: number, cached: number, output: number): Spending {
  return { tokens: input + output, usd: costOf(price, input, cached, output)?.total_usd ?? 0 };
}

/**
 * What one turn takes of the day's allowances: what it sends, before the model is asked, and what is written, as it
 * comes, so that turns which run at once cannot exceed together what one alone may not.
 */
export class TurnAllowance {
  readonly #reservation: Reservation;
  readonly #price: Price | null;
  readonly #usedUp = new AbortController();
  #input = 0;
  #sent = false;
  #reserved: number;
  #written = 0;
  #asking = false;
  #refusal: unknown;

  /** @param expectedOutput what is reserved of the answer from the beginning */
  constructor(reservation: Reservation, price: Price | null, expectedOutput: number) {
    this.#reservation = reservation;
    this.#price = price;
    this.#reserved = expectedOutput;
  }

  /** Aborted, with the `AppError` that says why, when the turn needs more than what is left. */
  get usedUp(): AbortSignal {
    return this.#usedUp.signal;
  }

  /** What is sent is known. @throws AppError `allowance_used` */
  async send(inputTokens: number): Promise<void> {
    this.#input = inputTokens;
    await this.#reserve(this.#reserved);
    this.#sent = true;
  }

  /** Resolves when that is granted, or refused. Who writes does not wait for it. */
  async wrote(text: string): Promise<void> {
    this.#written += tokensIn(text);
    if (!this.#asking && this.#refusal === undefined) await this.#keepUp();
    if (this.#refusal !== undefined && this.#written > this.#reserved) this.#usedUp.abort(this.#refusal);
  }

  /** Counts what was used; nothing, if the model was never asked. */
  settle(input: number, cached: number, output: number): void {
    this.#reservation.settle(this.#sent ? spending(this.#price, input, cached, output) : UNUSED);
  }

  /** Gives all of it back: there was no turn. */
  giveBack(): void {
    this.#reservation.settle(UNUSED);
  }

  async #keepUp(): Promise<void> {
    this.#asking = true;
    try {
      while (this.#written + AHEAD_TOKENS > this.#reserved) {
        await this.#reserve(Math.ceil(this.#written) + STEP_TOKENS);
      }
    } catch (error) {
      this.#refusal = error;
    } finally {
      this.#asking = false;
    }
  }

  async #reserve(output: number): Promise<void> {
    await this.#reservation.extend(spending(this.#price, this.#input, 0, output));
    this.#reserved = output;
  }
}
