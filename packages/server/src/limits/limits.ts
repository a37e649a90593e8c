import type { LimitsConfig } from "../config/limits.ts";
import { AppError, type LimitState } from "../errors/app-error.ts";
import type { Principal } from "../identity/principal.ts";
import { type Account, Ledger } from "./ledger.ts";
import type { Meter, Meters } from "./meters.ts";
import { networkOf } from "./network.ts";
import { Reservation, type Spending } from "./reservation.ts";

const STREAM_RETRY_SECONDS = 5;
// What is moved costs time and room: a request of 32 MiB as much as 256 small ones.
const BYTES_PER_REQUEST = 128 * 1024;

/** How much each owner and each address may do. */
export class Limits {
  readonly #config: LimitsConfig;
  readonly #meters: Meters;
  readonly #ledger: Ledger;

  constructor(config: LimitsConfig, meters: Meters) {
    this.#config = config;
    this.#meters = meters;
    this.#ledger = new Ledger(meters);
  }

  ownerAccount({ owner, group }: Principal): Account {
    const allowances = (group === null ? undefined : this.#config.groups.get(group)) ?? this.#config.owner;
    return { subject: `owner:${owner}`, allowances, prefix: "" };
  }

  addressAccount(address: string): Account {
    const { address: allowances } = this.#config;
    return { subject: `address:${networkOf(address)}`, allowances, prefix: "address-" };
  }

  /** Whether any of these is limited for any of them. */
  counts(accounts: readonly Account[], ...meters: readonly Meter[]): boolean {
    return this.#ledger.counts(accounts, ...meters);
  }

  /**
   * Counts a request, once more for every so many bytes that it moves. Null: requests are not limited.
   * @throws AppError `rate_limited`
   */
  takeRequest(account: Account, bytes = 0): Promise<LimitState | null> {
    return this.#takeRequests(account, 1 + requestsIn(bytes));
  }

  /** Counts what a request will have moved beside its body and its answer. @throws AppError `rate_limited` */
  async takeBytes(account: Account, bytes: number): Promise<void> {
    await this.#takeRequests(account, requestsIn(bytes));
  }

  /** Counts what a request has moved, when that could not be known before. */
  countBytes(account: Account, bytes: number): void {
    this.#ledger.adjust("requests", account, requestsIn(Math.max(bytes, 0)));
  }

  /** Counts what is to be stored: against each account, or none. @throws AppError `storage_limit_reached` */
  takeStored(accounts: readonly Account[], bytes: number): Promise<void> {
    return this.#ledger.takeAll(accounts, { bytes });
  }

  /** Counts what was stored, or (less than nothing) was not after all. */
  countStored(accounts: readonly Account[], bytes: number): void {
    this.#ledger.adjustAll(accounts, { bytes });
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

  /**
   * Takes of the day's allowances what a turn is expected to take, before it begins.
   * @throws AppError `allowance_used`: nothing was taken
   */
  async reserve(accounts: readonly Account[], expected: Spending): Promise<Reservation> {
    const reservation = new Reservation(this.#ledger, accounts);
    await reservation.extend(expected);
    return reservation;
  }

  /** The largest takes all of a minute, and no more than that. */
  #takeRequests(account: Account, requests: number): Promise<LimitState | null> {
    const most = account.allowances.requestsPerMinute ?? requests;
    return this.#ledger.take("requests", account, Math.min(requests, most));
  }
}

const requestsIn = (bytes: number): number => Math.floor(bytes / BYTES_PER_REQUEST);
