/** The stored records: API keys, logins, unfinished logins, guests who logged out, and one secret. */
export type IdentityRecord = "api_key" | "login" | "login_attempt" | "left_guest" | "secret";

/** The port for stored identities. Every method rejects with the `AppError` `storage_unavailable`. */
export interface IdentityStore {
  /** @param renewSeconds it lives so long from now on */
  read(record: IdentityRecord, id: string, renewSeconds?: number): Promise<string | null>;
  write(record: IdentityRecord, id: string, value: string, ttlSeconds?: number): Promise<void>;
  /** Returns the stored value, or stores this one and returns it. */
  readOrWrite(record: IdentityRecord, id: string, value: string): Promise<string>;
  /** Reads a record and removes it: for records that are valid once. */
  take(record: IdentityRecord, id: string): Promise<string | null>;
  /** Resolves with false if there was no such record. */
  remove(record: IdentityRecord, id: string): Promise<boolean>;
  /** All records of a kind, by id. Takes a while: for commands, not for requests. */
  all(record: IdentityRecord): Promise<Map<string, string>>;
}
