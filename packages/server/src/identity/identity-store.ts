/** What is kept of identities: API keys, logins, logins under way, guests who have left, and one secret. */
export type IdentityRecord = "api_key" | "login" | "login_attempt" | "left_guest" | "secret";

/** The port to where identities are kept. Every method rejects with the `AppError` `storage_unavailable`. */
export interface IdentityStore {
  /** @param renewSeconds it lives so long from now on */
  read(record: IdentityRecord, id: string, renewSeconds?: number): Promise<string | null>;
  write(record: IdentityRecord, id: string, value: string, ttlSeconds?: number): Promise<void>;
  /** What is there, or else this, which then is. */
  readOrWrite(record: IdentityRecord, id: string, value: string): Promise<string>;
  /** Reads it and removes it: for what holds once. */
  take(record: IdentityRecord, id: string): Promise<string | null>;
  /** False: it was not there. */
  remove(record: IdentityRecord, id: string): Promise<boolean>;
  /** All records of a kind, by id. Takes a while: for commands, not for requests. */
  all(record: IdentityRecord): Promise<Map<string, string>>;
}
