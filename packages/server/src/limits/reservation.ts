import { type Account, counted, type Ledger } from "./ledger.ts";

/** How much a turn takes of the day's allowances. */
export interface Spending {
  readonly tokens: number;
  readonly usd: number;
}

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
    await this.#ledger.takeAll(this.#accounts, more);
    // Its turn has ended meanwhile.
    if (this.#settled) this.#ledger.adjustAll(this.#accounts, between(more, NOTHING));
    else this.#held = { tokens: this.#held.tokens + more.tokens, usd: this.#held.usd + more.usd };
  }

  /** Counts what was used, in place of what was held: once, at the turn's end. */
  settle(actual: Spending): void {
    this.#settled = true;
    this.#ledger.adjustAll(this.#accounts, between(this.#held, actual));
  }
}

// Of amounts as they are counted, so that what is taken in parts is the same in all.
const between = (from: Spending, to: Spending): Spending => ({
  tokens: counted("tokens", to.tokens) - from.tokens,
  usd: counted("usd", to.usd) - from.usd,
});
