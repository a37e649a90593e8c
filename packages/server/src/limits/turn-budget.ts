import type { Price } from "@redis-memory-magic/protocol";
import { costOf } from "../chat/cost.ts";
import { type Account, rounded, type UsageLimits } from "./usage-limits.ts";

// Until a tokenizer has counted, or the provider has reported.
const BYTES_PER_TOKEN = 3;
// Output is reserved in steps, each asked for this many tokens before it is needed.
const STEP_TOKENS = 100;
const AHEAD_TOKENS = 50;

interface Spending {
  readonly tokens: number;
  readonly usd: number;
}

const NOTHING: Spending = { tokens: 0, usd: 0 };

interface Options {
  readonly limits: Pick<UsageLimits, "take" | "adjust">;
  readonly accounts: readonly Account[];
  readonly price: Price | null;
}

export const estimateTokens = (text: string): number => Buffer.byteLength(text) / BYTES_PER_TOKEN;

/**
 * The tokens and the money that one turn holds of its caller's day. Input is reserved before the model is called, output
 * while it arrives, so turns that run at once cannot exceed together what one alone may not.
 */
export class TurnBudget {
  readonly #options: Options;
  readonly #exhausted = new AbortController();
  /** What was taken so far. */
  #held = NOTHING;
  #settled = false;
  #input = 0;
  #called = false;
  #reservedOutput = 0;
  #written = 0;
  #reserving = false;
  #refusal: unknown;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Aborted, with the `AppError` as the reason, when the turn needs more than is left. */
  get exhausted(): AbortSignal {
    return this.#exhausted.signal;
  }

  /** Reserves what the turn is expected to use, in tokens. @throws AppError `allowance_used`: nothing was taken */
  async reserve(input: number, output: number): Promise<void> {
    this.#input = input;
    await this.#reserveOutput(output);
  }

  /** Corrects the input, before the model is called. @throws AppError `allowance_used` */
  async sent(input: number): Promise<void> {
    await this.reserve(input, this.#reservedOutput);
    this.#called = true;
  }

  /** Counts output. Resolves when what it needs is reserved, or refused; the writer need not wait for that. */
  async wrote(text: string): Promise<void> {
    this.#written += estimateTokens(text);
    if (!this.#reserving && this.#refusal === undefined) await this.#keepAhead();
    if (this.#refusal !== undefined && this.#written > this.#reservedOutput) {
      this.#exhausted.abort(this.#refusal);
    }
  }

  /** Replaces what was reserved with what was used, in tokens: nothing, if the model was not called. */
  settle(input: number, cached: number, output: number): void {
    this.#settled = true;
    const used = this.#called ? this.#spending(input, cached, output) : NOTHING;
    this.#adjust(difference(this.#held, used));
  }

  async #keepAhead(): Promise<void> {
    this.#reserving = true;
    try {
      while (this.#written + AHEAD_TOKENS > this.#reservedOutput) {
        await this.#reserveOutput(Math.ceil(this.#written) + STEP_TOKENS);
      }
    } catch (error) {
      this.#refusal = error;
    } finally {
      this.#reserving = false;
    }
  }

  async #reserveOutput(output: number): Promise<void> {
    const { limits, accounts } = this.#options;
    const more = difference(this.#held, this.#spending(this.#input, 0, output));
    await limits.take(accounts, more);
    this.#reservedOutput = output;
    if (this.#settled) this.#adjust(difference(more, NOTHING));
    else this.#held = { tokens: this.#held.tokens + more.tokens, usd: this.#held.usd + more.usd };
  }

  #adjust(amounts: Spending): void {
    const { limits, accounts } = this.#options;
    limits.adjust(accounts, amounts);
  }

  #spending(input: number, cached: number, output: number): Spending {
    const usd = costOf(this.#options.price, input, cached, output)?.total_usd ?? 0;
    return { tokens: input + output, usd };
  }
}

// Of rounded amounts, so that parts add up to what is taken in one piece.
const difference = (from: Spending, to: Spending): Spending => ({
  tokens: rounded("tokens", to.tokens) - from.tokens,
  usd: rounded("usd", to.usd) - from.usd,
});
