import { randomBytes } from "node:crypto";
import { TurnFeed } from "./turn-feed.ts";
import { TurnWriter } from "./turn-writer.ts";

/**
 * A turn that is kept nowhere, for when Redis is away and an answer is wanted all the same.
 *
 * @example
 * const writer = unstoredTurn();
 * writer.write("Hello.");
 * await writer.end("completed");
 */
export function unstoredTurn(): TurnWriter {
  return new TurnWriter(newTurnId(), new TurnFeed(), {
    append: async () => ["ok", 0],
    end: async (status) => ["ok", 0, status, 0],
    abandon: () => {},
  });
}

/** 16 hexadecimal digits. */
export const newTurnId = (): string => randomBytes(8).toString("hex");
