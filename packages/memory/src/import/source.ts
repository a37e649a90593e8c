import type { NewMessage } from "../history/item.ts";
import type { RedisClient } from "../redis/client.ts";
import { assertFields, assertText } from "../validate.ts";

/** What an import reads: a message with an id of its own, or null for a record that is no message. */
export type ImportedMessage = (NewMessage & { readonly id: string }) | null;

/** A session as it is found elsewhere. */
export interface SourceSession {
  readonly id: string;
  /** Its messages, oldest first, read while they are consumed. */
  messages(): AsyncIterable<ImportedMessage>;
}

/** Where sessions come from. Anything that can list sessions may be one. */
export interface ImportSource {
  sessions(): Promise<readonly SourceSession[]>;
}

/** Which Redis to read from. */
export interface RedisSourceOptions {
  /**
   * A connected client of the Redis to read from; nothing is written there. Of a cluster: a client of each of
   * its masters, as only together they have all keys.
   */
  readonly client: RedisClient | readonly RedisClient[];
}

const FIELDS = new Set(["client", "prefix"]);

/** @throws TypeError */
export function assertSource(
  options: RedisSourceOptions & { readonly prefix?: string },
  fields = FIELDS,
): void {
  assertFields("options", options, fields);
  if (options.prefix !== undefined) assertText("prefix", options.prefix);
}
