import { type Account, counted, type Ledger } from "./ledger.ts";

/** How much a turn takes of the day's allowances. */
export interface Spending {
  readonly tokens: number;
  readonly usd: number;
}

const SPENT = ["tokens", "usd"] as const;
const NOTHING: Spending = { tokens: 0, usd: 0 };

/** What a turn holds of the day's allowances while it runs. */
export class Reservation {
  readonly #ledger: Ledger;
  readonly #accounts: readonly Account[];
  #held = NOTHING;
  #settled = false;

  constructor(ledger: Ledger, accounts: readonly Account[]) {
    this.#ledger = ledger;
    this.#accounts = accounts;
  }

  /** Takes what the turn is known by now to need in all. @throws AppError `allowance_used`: no more was taken */
  async extend(to: Spending): Promise<void> {
    const more = between(this.#held, to);
    await this.#takeAll(more);
    // Its turn has ended meanwhile.
    if (this.#settled) this.#adjustAll(between(more, NOTHING));
    else this.#held = { tokens: this.#held.tokens + more.tokens, usd: this.#held.usd + more.usd };
  }

  /** Counts what was used, in place of what was held: once, at the turn's end. */
  settle(actual: Spending): void {
    this.#settled = true;
    this.#adjustAll(between(this.#held, actual));
  }

  /** All of it from each account, or none. Less than before is given back in any case. */
  async #takeAll(more: Spending): Promise<void> {
    const taken: (() => void)[] = [];
    for (const account of this.#accounts) {
      for (const meter of SPENT) {
        try {
          if (more[meter] > 0) await this.#ledger.take(meter, account, more[meter]);
          else this.#ledger.adjust(meter, account, more[meter]);
        } catch (error) {
          for (const giveBack of taken) giveBack();
          throw error;
        }
        taken.push(() => this.#ledger.adjust(meter, account, -more[meter]));
      }
    }
  }

  #adjustAll(by: Spending): void {
    for (const account of this.#accounts) {
      for (const meter of SPENT) this.#ledger.adjust(meter, account, by[meter]);
    }
  }
}

// Of amounts as they are counted, so that what is taken in parts is the same in all.
const between = (from: Spending, to: Spending): Spending => ({
  tokens: counted("tokens", to.tokens) - from.tokens,
  usd: counted("usd", to.usd) - from.usd,
});
