import { AppError, type ErrorCode, type LimitState } from "../chat/app-error.ts";
import type { Allowances, LimitsConfig } from "../config/limits.ts";
import type { Principal } from "../identity/principal.ts";
import { type Meter, type Meters, WINDOW_SECONDS } from "./meters.ts";

/** Whom something is counted against, and how much he may. */
export interface Account {
  readonly subject: string;
  readonly allowances: Allowances;
  /** What its limits' names begin with. */
  readonly prefix: "" | "address-";
}

// Dollars are counted in millionths: meters count whole units.
const MICRO = 1e6;
const STREAM_RETRY_SECONDS = 5;
// What is moved costs time and room: a request of 32 MiB as much as 256 small ones.
const BYTES_PER_REQUEST = 128 * 1024;

const QUOTAS: Readonly<Record<Meter, (allowances: Allowances) => number | null>> = {
  requests: ({ requestsPerMinute }) => requestsPerMinute,
  tokens: ({ tokensPerDay }) => tokensPerDay,
  usd: ({ usdPerDay }) => (usdPerDay === null ? null : Math.round(usdPerDay * MICRO)),
};

const REFUSALS: Readonly<Record<Meter, [ErrorCode, string]>> = {
  requests: ["rate_limited", "These are too many requests for one minute."],
  tokens: ["allowance_used", "The tokens for one day are used up."],
  usd: ["allowance_used", "The money for one day is used up."],
};

/** How much a turn takes of the day's allowances. */
export interface Spending {
  readonly tokens: number;
  readonly usd: number;
}

/** What a turn holds of the day's allowances while it runs. */
export interface Reservation {
  /** Takes what the turn is known by now to need in all. @throws AppError `allowance_used`: no more was taken */
  extend(to: Spending): Promise<void>;
  /** Counts what was used, in place of what was held: once, at the turn's end. */
  settle(actual: Spending): void;
}

const SPENT = ["tokens", "usd"] as const;
type Units = Readonly<Record<(typeof SPENT)[number], number>>;
const NOTHING: Units = { tokens: 0, usd: 0 };

export class Limits {
  readonly #config: LimitsConfig;
  readonly #meters: Meters;

  constructor(config: LimitsConfig, meters: Meters) {
    this.#config = config;
    this.#meters = meters;
  }

  ownerAccount({ owner, group }: Principal): Account {
    const allowances = (group === null ? undefined : this.#config.groups.get(group)) ?? this.#config.owner;
    return { subject: `owner:${owner}`, allowances, prefix: "" };
  }

  addressAccount(address: string): Account {
    return {
      subject: `address:${networkOf(address)}`,
      allowances: this.#config.address,
      prefix: "address-",
    };
  }

  /**
   * Counts a request, once more for every so many bytes that it moves. Null: requests are not limited.
   * @throws AppError `rate_limited`
   */
  takeRequest(account: Account, bytes = 0): Promise<LimitState | null> {
    // The largest takes all of a minute, and no more than that.
    const most = account.allowances.requestsPerMinute ?? 1;
    return this.#take("requests", account, Math.min(1 + requestsIn(bytes), most));
  }

  /** Counts what a request will have moved beside its body and its answer. @throws AppError `rate_limited` */
  async takeBytes(account: Account, bytes: number): Promise<void> {
    const most = account.allowances.requestsPerMinute ?? 1;
    await this.#take("requests", account, Math.min(requestsIn(bytes), most));
  }

  /** Counts what a request has moved, when that could not be known before. */
  countBytes(account: Account, bytes: number): void {
    if (bytes >= BYTES_PER_REQUEST) this.#adjust("requests", account, requestsIn(bytes));
  }

  /**
   * A place for a turn or for a stream, with what gives it back.
   * @throws AppError `too_many_streams`
   */
  async enterStream(accounts: readonly Account[]): Promise<() => void> {
    const places: (() => void)[] = [];
    const leave = (): void => {
      for (const give of places.splice(0)) give();
    };
    for (const { subject, allowances, prefix } of accounts) {
      const quota = allowances.streams;
      if (quota === null) continue;
      const place = await this.#meters.enter(subject, quota);
      if (place === null) {
        leave();
        throw new AppError(
          "too_many_streams",
          `No more than ${quota} answers can run at once. Wait until one has ended, or cancel one.`,
          {
            retryAfter: STREAM_RETRY_SECONDS,
            limit: { policy: `${prefix}streams`, quota, remaining: 0, resetSeconds: STREAM_RETRY_SECONDS },
          },
        );
      }
      places.push(place);
    }
    return leave;
  }

  /** Whether requests are counted for any of these. */
  limitsRequests(accounts: readonly Account[]): boolean {
    return accounts.some(({ allowances }) => allowances.requestsPerMinute !== null);
  }

  /** Whether there is a day's allowance of tokens or of money for any of these. */
  limitsSpending(accounts: readonly Account[]): boolean {
    return accounts.some(({ allowances }) => SPENT.some((meter) => QUOTAS[meter](allowances) !== null));
  }

  /** Whether money is counted for any of these. */
  limitsMoney(accounts: readonly Account[]): boolean {
    return accounts.some(({ allowances }) => allowances.usdPerDay !== null);
  }

  /**
   * Takes of the day's allowances what a turn is expected to take, before it begins.
   * @throws AppError `allowance_used`: nothing was taken
   */
  async reserve(accounts: readonly Account[], expected: Spending): Promise<Reservation> {
    let held = NOTHING;
    let settled = false;
    const extend = async (to: Spending): Promise<void> => {
      const wanted = inUnits(to);
      const more = { tokens: wanted.tokens - held.tokens, usd: wanted.usd - held.usd };
      await this.#takeAll(accounts, more);
      // Its turn has ended meanwhile.
      if (settled) this.#adjustAll(accounts, { tokens: -more.tokens, usd: -more.usd });
      else held = { tokens: held.tokens + more.tokens, usd: held.usd + more.usd };
    };
    await extend(expected);
    return {
      extend,
      settle: (actual) => {
        const used = inUnits(actual);
        settled = true;
        this.#adjustAll(accounts, { tokens: used.tokens - held.tokens, usd: used.usd - held.usd });
      },
    };
  }

  /** All of it from each account, or none. Fewer than before are given back in any case. */
  async #takeAll(accounts: readonly Account[], units: Units): Promise<void> {
    const taken: (() => void)[] = [];
    for (const account of accounts) {
      for (const meter of SPENT) {
        try {
          if (units[meter] > 0) await this.#take(meter, account, units[meter]);
          else this.#adjust(meter, account, units[meter]);
        } catch (error) {
          for (const giveBack of taken) giveBack();
          throw error;
        }
        taken.push(() => this.#adjust(meter, account, -units[meter]));
      }
    }
  }

  #adjustAll(accounts: readonly Account[], units: Units): void {
    for (const account of accounts) {
      for (const meter of SPENT) this.#adjust(meter, account, units[meter]);
    }
  }

  async #take(meter: Meter, account: Account, units: number): Promise<LimitState | null> {
    const quota = QUOTAS[meter](account.allowances);
    if (quota === null || units === 0) return null;
    const balance = await this.#meters.take(meter, account.subject, units, quota);
    const scale = meter === "usd" ? MICRO : 1;
    const state: LimitState = {
      policy: `${account.prefix}${meter}`,
      quota: quota / scale,
      windowSeconds: WINDOW_SECONDS[meter],
      remaining: balance.remaining / scale,
      resetSeconds: Math.ceil(balance.resetMs / 1000),
    };
    if (balance.allowed) return state;
    const [code, sentence] = REFUSALS[meter];
    const when = `Try again in ${inWords(state.resetSeconds)}.`;
    throw new AppError(code, `${sentence} ${when}`, { retryAfter: state.resetSeconds, limit: state });
  }

  #adjust(meter: Meter, account: Account, units: number): void {
    const quota = QUOTAS[meter](account.allowances);
    if (quota !== null && units !== 0) this.#meters.adjust(meter, account.subject, units, quota);
  }
}

const requestsIn = (bytes: number): number => Math.floor(bytes / BYTES_PER_REQUEST);

const inUnits = ({ tokens, usd }: Spending): Units => ({
  tokens: Math.round(tokens),
  usd: Math.round(usd * MICRO),
});

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.ceil(seconds / 3600)} hours`;
}

/** Whoever has an IPv6 address has 2⁶⁴ of them: they count as one. */
function networkOf(address: string): string {
  const ipv4 = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(missing, 0)).fill("0"), ...after];
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
