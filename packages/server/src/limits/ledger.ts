import type { Allowances } from "../config/limits.ts";
import { AppError, type ErrorCode, type LimitState } from "../errors/app-error.ts";
import { type Meter, type Meters, WINDOW_SECONDS } from "./meters.ts";

/** Whom something is counted against, and how much he may. */
export interface Account {
  readonly subject: string;
  readonly allowances: Allowances;
  /** What its limits' names begin with. */
  readonly prefix: "" | "address-";
}

type Amounts = Readonly<Partial<Record<Meter, number>>>;

const entriesOf = (amounts: Amounts) => Object.entries(amounts) as [Meter, number][];

interface Rule {
  readonly allowed: (allowances: Allowances) => number | null;
  /** How many units one of what is allowed is: meters count whole ones. */
  readonly units: number;
  readonly refusal: readonly [ErrorCode, sentence: string];
}

const RULES: Readonly<Record<Meter, Rule>> = {
  requests: {
    allowed: ({ requestsPerMinute }) => requestsPerMinute,
    units: 1,
    refusal: ["rate_limited", "These are too many requests for one minute."],
  },
  tokens: {
    allowed: ({ tokensPerDay }) => tokensPerDay,
    units: 1,
    refusal: ["allowance_used", "The tokens for one day are used up."],
  },
  usd: {
    allowed: ({ usdPerDay }) => usdPerDay,
    units: 1e6,
    refusal: ["allowance_used", "The money for one day is used up."],
  },
  bytes: {
    allowed: ({ storedBytesPerDay }) => storedBytesPerDay,
    units: 1,
    refusal: ["storage_limit_reached", "As much was stored as may be in one day from one address."],
  },
};

/** Counts against accounts by what each may. */
export class Ledger {
  readonly #meters: Meters;

  constructor(meters: Meters) {
    this.#meters = meters;
  }

  /** Whether any of these is counted for any of them. */
  counts(accounts: readonly Account[], ...meters: readonly Meter[]): boolean {
    return accounts.some(({ allowances }) =>
      meters.some((meter) => RULES[meter].allowed(allowances) !== null),
    );
  }

  /** All of it, or none. Null: it is not limited. @throws AppError as the meter's rule says */
  async take(meter: Meter, account: Account, amount: number): Promise<LimitState | null> {
    const { units, refusal } = RULES[meter];
    const quota = quotaOf(meter, account);
    const wanted = unitsOf(meter, amount);
    if (quota === null || wanted === 0) return null;
    const balance = await this.#meters.take(meter, account.subject, wanted, quota);
    const state: LimitState = {
      policy: `${account.prefix}${meter}`,
      quota: quota / units,
      windowSeconds: WINDOW_SECONDS[meter],
      remaining: balance.remaining / units,
      resetSeconds: Math.ceil(balance.resetMs / 1000),
    };
    if (balance.allowed) return state;
    const [code, sentence] = refusal;
    throw new AppError(code, `${sentence} Try again in ${inWords(state.resetSeconds)}.`, {
      retryAfter: state.resetSeconds,
      limit: state,
    });
  }

  /**
   * All of it from each account, or none. Less than nothing is given back in any case.
   * @throws AppError as the meter's rule says
   */
  async takeAll(accounts: readonly Account[], amounts: Amounts): Promise<void> {
    const taken: (() => void)[] = [];
    try {
      for (const account of accounts) {
        for (const [meter, amount] of entriesOf(amounts)) {
          if (amount > 0) await this.take(meter, account, amount);
          else this.adjust(meter, account, amount);
          taken.push(() => this.adjust(meter, account, -amount));
        }
      }
    } catch (error) {
      for (const giveBack of taken) giveBack();
      throw error;
    }
  }

  adjustAll(accounts: readonly Account[], amounts: Amounts): void {
    for (const account of accounts) {
      for (const [meter, amount] of entriesOf(amounts)) this.adjust(meter, account, amount);
    }
  }

  /** Counts so much more, or less, in any case. Nobody waits for it. */
  adjust(meter: Meter, account: Account, amount: number): void {
    const quota = quotaOf(meter, account);
    const units = unitsOf(meter, amount);
    if (quota !== null && units !== 0) this.#meters.adjust(meter, account.subject, units, quota);
  }
}

const unitsOf = (meter: Meter, amount: number): number => Math.round(amount * RULES[meter].units);

/** An amount as it is counted, without what is less than a unit. */
export const counted = (meter: Meter, amount: number): number => unitsOf(meter, amount) / RULES[meter].units;

function quotaOf(meter: Meter, { allowances }: Account): number | null {
  const most = RULES[meter].allowed(allowances);
  return most === null ? null : unitsOf(meter, most);
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.ceil(seconds / 3600)} hours`;
}
