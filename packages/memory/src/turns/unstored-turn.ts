import { TurnFeed } from "./turn-feed.ts";
import { type TurnScripts, TurnWriter } from "./turn-writer.ts";

/**
 * Creates the writer of a turn that is stored nowhere, for an answer while Redis is unavailable.
 *
 * @example
 * const writer = unstoredTurn();
 * writer.write("Hello.");
 * await writer.end("completed");
 */
export function unstoredTurn(): TurnWriter {
  return new TurnWriter(newTurnId(), new TurnFeed(), NO_SCRIPTS, { maxIdleMs: Number.POSITIVE_INFINITY });
}

const NO_SCRIPTS: TurnScripts = {
  append: async () => ["ok", 0],
  end: async (status) => ["ok", 0, status, 0],
  discard: async () => ["ok", 0],
  abandon: () => {},
};

/** 16 hexadecimal digits. */
export function newTurnId(): string {
  // A UUID is several times cheaper than random bytes. Its first and last digits are random.
  const uuid = crypto.randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-8);
}
