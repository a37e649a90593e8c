import type { Allowances, LimitsConfig } from "../config/limits.ts";
import { AppError, type ErrorCode, type LimitState } from "../errors/app-error.ts";
import type { Principal } from "../identity/principal.ts";
import { networkOf } from "./network.ts";
import type { TurnSlots } from "./turn-slots.ts";
import { type LimitKind, type UsageCounter, WINDOW_SECONDS } from "./usage-counter.ts";

/** An owner or an address that usage is counted against. */
export interface Account {
  readonly subject: string;
  readonly allowances: Allowances;
  /** The names of its limits begin with this. */
  readonly prefix: "" | "address-";
}

/** Negative amounts are given back. */
export type Amounts = Readonly<Partial<Record<LimitKind, number>>>;

interface Rule {
  readonly quotaOf: (allowances: Allowances) => number | null;
  /** Units in one of what is allowed: counters count whole units. */
  readonly units: number;
  readonly code: ErrorCode;
  readonly detail: string;
}

const RULES: Readonly<Record<LimitKind, Rule>> = {
  requests: {
    quotaOf: ({ requestsPerMinute }) => requestsPerMinute,
    units: 1,
    code: "rate_limited",
    detail: "These are too many requests for one minute.",
  },
  tokens: {
    quotaOf: ({ tokensPerDay }) => tokensPerDay,
    units: 1,
    code: "allowance_used",
    detail: "The tokens for one day are used up.",
  },
  usd: {
    quotaOf: ({ usdPerDay }) => usdPerDay,
    units: 1e6,
    code: "allowance_used",
    detail: "The money for one day is used up.",
  },
  bytes: {
    quotaOf: ({ storedBytesPerDay }) => storedBytesPerDay,
    units: 1,
    code: "storage_limit_reached",
    detail: "The bytes that one address may store in one day are used up.",
  },
};

const SLOT_RETRY_SECONDS = 5;
// Moving bytes costs time and memory: a request of 32 MiB counts as 256 small ones.
const BYTES_PER_REQUEST = 128 * 1024;

/** Counts what owners and addresses use, and refuses what exceeds their limits. */
export class UsageLimits {
  readonly #config: LimitsConfig;
  readonly #counter: UsageCounter;
  readonly #slots: TurnSlots;

  constructor(config: LimitsConfig, counter: UsageCounter, slots: TurnSlots) {
    this.#config = config;
    this.#counter = counter;
    this.#slots = slots;
  }

  ownerAccount({ owner, group }: Principal): Account {
    const allowances = (group === null ? undefined : this.#config.groups.get(group)) ?? this.#config.owner;
    return { subject: `owner:${owner}`, allowances, prefix: "" };
  }

  addressAccount(address: string): Account {
    const { address: allowances } = this.#config;
    return { subject: `address:${networkOf(address)}`, allowances, prefix: "address-" };
  }

  /** True if any of these kinds is limited for any of the accounts. */
  isLimited(accounts: readonly Account[], ...kinds: readonly LimitKind[]): boolean {
    return accounts.some(({ allowances }) => kinds.some((kind) => RULES[kind].quotaOf(allowances) !== null));
  }

  /**
   * Counts a request, and one more for each 128 KiB of its body. Null: requests are not limited.
   * @throws AppError `rate_limited`
   */
  takeRequest(account: Account, bytes = 0): Promise<LimitState | null> {
    return this.#takeRequests(account, 1 + requestsIn(bytes));
  }

  /** Counts bytes that a request is about to move beside its body and its answer. @throws AppError `rate_limited` */
  async takeBytesMoved(accounts: readonly Account[], bytes: number): Promise<void> {
    for (const account of accounts) await this.#takeRequests(account, requestsIn(bytes));
  }

  /** Counts bytes that a request has moved, where their number was not known before. */
  countBytesMoved(accounts: readonly Account[], bytes: number): void {
    this.adjust(accounts, { requests: requestsIn(Math.max(bytes, 0)) });
  }

  /** Resolves with a function that releases the slots. @throws AppError `too_many_streams` */
  async acquireSlots(accounts: readonly Account[]): Promise<() => void> {
    const slots: (() => void)[] = [];
    const release = (): void => {
      for (const releaseSlot of slots.splice(0)) releaseSlot();
    };
    for (const { subject, allowances, prefix } of accounts) {
      const quota = allowances.streams;
      if (quota === null) continue;
      const slot = await this.#slots.acquire(subject, quota);
      if (slot === null) {
        release();
        throw new AppError(
          "too_many_streams",
          `No more than ${quota} answers can run at once. Wait until one has ended, or cancel one.`,
          {
            retryAfter: SLOT_RETRY_SECONDS,
            limit: { policy: `${prefix}streams`, quota, remaining: 0, resetSeconds: SLOT_RETRY_SECONDS },
          },
        );
      }
      slots.push(slot);
    }
    return release;
  }

  /** Takes all amounts from each account, or none. @throws AppError with the code of the limit that is reached */
  async take(accounts: readonly Account[], amounts: Amounts): Promise<void> {
    const taken: (() => void)[] = [];
    try {
      for (const account of accounts) {
        for (const [kind, amount] of entriesOf(amounts)) {
          if (quotaUnits(kind, account) === null) continue;
          if (amount > 0) await this.#take(kind, account, amount);
          else this.#adjust(kind, account, amount);
          taken.push(() => this.#adjust(kind, account, -amount));
        }
      }
    } catch (error) {
      for (const refund of taken) refund();
      throw error;
    }
  }

  /** Adds amounts without a check. Runs in the background. */
  adjust(accounts: readonly Account[], amounts: Amounts): void {
    for (const account of accounts) {
      for (const [kind, amount] of entriesOf(amounts)) this.#adjust(kind, account, amount);
    }
  }

  /** A request that is larger than a minute's quota takes all of it. */
  #takeRequests(account: Account, requests: number): Promise<LimitState | null> {
    const quota = account.allowances.requestsPerMinute ?? requests;
    return this.#take("requests", account, Math.min(requests, quota));
  }

  async #take(kind: LimitKind, account: Account, amount: number): Promise<LimitState | null> {
    const { units, code, detail } = RULES[kind];
    const quota = quotaUnits(kind, account);
    const wanted = toUnits(kind, amount);
    if (quota === null || wanted === 0) return null;
    const { allowed, remaining, resetMs } = await this.#counter.take(kind, account.subject, wanted, quota);
    const state: LimitState = {
      policy: `${account.prefix}${kind}`,
      quota: quota / units,
      windowSeconds: WINDOW_SECONDS[kind],
      remaining: remaining / units,
      resetSeconds: Math.ceil(resetMs / 1000),
    };
    if (allowed) return state;
    throw new AppError(code, `${detail} Try again in ${formatDuration(state.resetSeconds)}.`, {
      retryAfter: state.resetSeconds,
      limit: state,
    });
  }

  #adjust(kind: LimitKind, account: Account, amount: number): void {
    const units = toUnits(kind, amount);
    if (quotaUnits(kind, account) !== null && units !== 0) this.#counter.adjust(kind, account.subject, units);
  }
}

const entriesOf = (amounts: Amounts) => Object.entries(amounts) as [LimitKind, number][];

const requestsIn = (bytes: number): number => Math.floor(bytes / BYTES_PER_REQUEST);

const toUnits = (kind: LimitKind, amount: number): number => Math.round(amount * RULES[kind].units);

/** An amount in whole units, as it is counted. */
export const rounded = (kind: LimitKind, amount: number): number => toUnits(kind, amount) / RULES[kind].units;

function quotaUnits(kind: LimitKind, { allowances }: Account): number | null {
  const quota = RULES[kind].quotaOf(allowances);
  return quota === null ? null : toUnits(kind, quota);
}

function formatDuration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.ceil(seconds / 3600)} hours`;
}
