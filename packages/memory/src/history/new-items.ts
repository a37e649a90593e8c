import { assertItem } from "../validate.ts";
import type { NewItem } from "./item.ts";
import { itemArguments } from "./item-record.ts";

/** What is known of an item that was added. */
export interface AddedMessage {
  /** The caller's, or the one that was made. */
  readonly id: string;
  /** Items in the session now. */
  readonly count: number;
  /** The caller's, or Redis' time of the append. */
  readonly createdAt: Date;
}

// One script takes about 50 ms for these, during which Redis serves no other client; many more would stall clients.
const MAX_BATCH = 10_000;

/**
 * Items as arguments of a script.
 * @throws TypeError
 */
export function newItemArguments(items: readonly NewItem[]): string[] {
  if (!Array.isArray(items)) throw new TypeError("messages must be an array");
  if (items.length > MAX_BATCH) {
    throw new TypeError(`messages must be ${MAX_BATCH} at most: append more in several calls`);
  }
  for (const item of items) assertItem(item);
  const args: string[] = [];
  for (const item of items) args.push(...itemArguments(item));
  return args;
}

/** What a script says of the items that it has appended, in which only the caller's ids and times are not Redis'. */
export const addedMessages = (
  items: readonly NewItem[],
  {
    epoch,
    now,
    count,
    indexOf,
  }: {
    readonly epoch: string;
    /** Redis' time, in ms. */
    readonly now: number;
    /** Items in the session now. */
    readonly count: number;
    readonly indexOf: (n: number) => number | string | undefined;
  },
): AddedMessage[] =>
  items.map((item, n) => ({
    id: item.id ?? `${epoch}-${indexOf(n)}`,
    count: count - items.length + n + 1,
    createdAt: item.createdAt ?? new Date(now),
  }));
