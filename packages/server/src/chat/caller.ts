import type { Price } from "@redis-memory-magic/protocol";
import type { SessionStore } from "./session-store.ts";
import type { TurnInfo } from "./turn-info.ts";

/** On whose behalf a request works: their sessions, and what they may use. */
export interface Caller {
  readonly sessions: SessionStore;
  readonly quota: StorageQuota;
  /** @throws AppError `too_many_streams`, `allowance_used` */
  admitTurn(turn: RequestedTurn): Promise<TurnPermit>;
}

/** What is known of a turn before it begins. */
export interface RequestedTurn {
  readonly info: TurnInfo;
  /** The user's message; empty for a retry. */
  readonly content: string;
  readonly price: Price | null;
  /** True: no client waits for it. */
  readonly background?: boolean | undefined;
}

/** What one turn may use. Settled once: when the turn has ended, or when it did not begin. */
export interface TurnPermit {
  /** Aborted, with an `AppError` as the reason, when the turn needs more tokens or money than is left. */
  readonly exhausted?: AbortSignal | undefined;
  /** Counts the input, before the model is called. @throws AppError `allowance_used` */
  sent(inputTokens: number): Promise<void>;
  /** Counts output while it arrives. */
  wrote(text: string): void;
  /** Frees the turn's slot, and replaces what was reserved with what was used: nothing, if the model was not called. */
  settle(info?: TurnInfo): void;
}

/** What a caller may store and read. Every method of `SessionStore` that writes, or reads a whole session, needs one. */
export interface StorageQuota {
  /**
   * Reserves bytes in a session, which may be new; null: in the owner's notes. Resolves with a function that gives them
   * back.
   * @throws AppError `storage_limit_reached`, `storage_unavailable`
   */
  reserve(sessionId: string | null, bytes: number): Promise<() => void>;
  /** Counts bytes that were stored in any case. With 0 it only renews the quota's own TTL. */
  add(sessionId: string, bytes: number): void;
  /**
   * Counts what a request makes Redis read, as if it were in the request's body. Resolves with the bytes; 0 if they are
   * not limited, and then `size` is not called.
   * @throws AppError `rate_limited`
   */
  read(size: () => Promise<number>): Promise<number>;
}

/** For the operator's own commands. */
export const NO_QUOTA: StorageQuota = {
  reserve: async () => () => {},
  add: () => {},
  read: async () => 0,
};
