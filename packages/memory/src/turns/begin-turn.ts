import { type Item, isMessage, type Json, type Message, type NewItem } from "../history/item.ts";
import { decodeItem, itemArguments } from "../history/item-record.ts";
import type { Reply } from "../redis/script-runner.ts";
import { encodeAllTerms } from "../search/terms.ts";
import {
  assertCount,
  assertFields,
  assertId,
  assertItem,
  assertJson,
  assertText,
  assertTtl,
} from "../validate.ts";
import type { TurnWriter } from "./turn-writer.ts";

/** What a turn begins with: `content`, `message` or `retryOf`. */
export interface BeginOptions {
  /** The text of the user's message. */
  readonly content?: string;
  /**
   * The user's message, or 1,000 input items at most, such as the outputs of tool calls. If one has an `id` that another
   * turn began with, that turn is returned: the same request gives the same turn.
   */
  readonly message?: NewItem | readonly NewItem[];
  /** JSON to store with the turn. Can be changed with `describe` and `end`. */
  readonly info?: Json;
  /** A title for the session, if it is new. Default: none. */
  readonly title?: string;
  /** The same key and request give the same turn; another request under that key is refused. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
  /** The session's last turn, which did not complete: it is run again, its input stays as it is. */
  readonly retryOf?: string;
  /**
   * True: where the last turn began with the same input and ended without output, it is run again. A client that
   * sends a failed request again so adds its input once.
   */
  readonly retrySame?: boolean;
  /**
   * The item that the input replaces, with all that follow it: for an edited message, or another answer. All of it or
   * nothing: a turn that is not begun removes nothing. The input may have the id of what it replaces.
   */
  readonly replaceFrom?: string;
  /** The turn that must be the session's last one: otherwise this one is refused. */
  readonly after?: string;
  /** True if the session must be there: otherwise the turn is refused. */
  readonly mustExist?: boolean;
  /** A TTL of its own for the session, if it is new. */
  readonly ttlSeconds?: number;
  /**
   * History to return: at most so many bytes (of the records in Redis) of the newest, and none from before the start
   * that was remembered for this window, a name of yours. Left out: none.
   */
  readonly history?: { readonly maxBytes: number; readonly window: string };
}

/** What a turn finds in its session. */
export interface TurnHistory {
  /** The history asked for, oldest first; of a turn that has begun, its input is the last. */
  readonly items: readonly IndexedItem[];
  /** Of these, the ones with a role. */
  readonly messages: readonly IndexedMessage[];
  /** Items in the session, the input included where the turn has begun. */
  readonly count: number;
  /** The first index that the remembered context holds, or null. */
  readonly rememberedStart: number | null;
  /** Whether this is all from there on (or from the session's beginning): `maxBytes` left out nothing. */
  readonly complete: boolean;
}

/** Why a turn is not run anew, or not after the turn that it was to follow. */
export type RetryRefusal = "unknown" | "completed" | "not_last";

/** What a turn would find if it began now. */
export interface PeekResult extends TurnHistory {
  /** Why it would be refused as a retry; then the other fields are empty. */
  readonly refused?: RetryRefusal;
}

/** What became of `begin`: a writer and the history that was asked for, or why the turn was not begun. */
export type BeginResult =
  | ({ readonly kind: "begun"; readonly writer: TurnWriter; readonly startedAt: Date } & TurnHistory)
  | BeginRefusal;

/** Why a turn was not begun. Nothing was changed. */
export type BeginRefusal =
  /** A turn is in progress. */
  | { readonly kind: "busy"; readonly turnId: string }
  /** The idempotency key, or the id of an input item, led to this turn before. */
  | { readonly kind: "replay"; readonly turnId: string }
  /** The idempotency key was used with another request. */
  | { readonly kind: "mismatch"; readonly turnId: string }
  /**
   * The turn to retry is not there, has completed, or is not the last of its session; the turn that this one was to
   * follow is not there or not the last; or the session is not there.
   */
  | { readonly kind: "refused"; readonly reason: RetryRefusal };

/** An item and its index. */
export interface IndexedItem {
  readonly index: number;
  readonly item: Item;
}

/** A message and its index. */
export interface IndexedMessage {
  /** The index in the session: grows with each message, keeps its value. */
  readonly index: number;
  readonly message: Message;
}

const MAX_INPUT = 1_000;
const BEGIN_FIELDS = new Set([
  ...["content", "message", "info", "title", "idempotency", "retryOf", "after", "mustExist", "ttlSeconds"],
  ...["history", "replaceFrom", "retrySame"],
]);
const HISTORY_FIELDS = new Set(["maxBytes", "window"]);

/** @throws TypeError for wrong options */
export function assertBegin(options: BeginOptions): void {
  assertFields("options", options, BEGIN_FIELDS);
  const { content, message, info = null, title = "", retryOf, idempotency, history, after } = options;
  if ([content, message, retryOf].filter((one) => one !== undefined).length !== 1) {
    throw new TypeError("give one of content, message and retryOf");
  }
  if (content !== undefined) assertText("content", content);
  if (message !== undefined) {
    const input = [message].flat();
    if (input.length === 0 || input.length > MAX_INPUT) {
      throw new TypeError(`message must be 1–${MAX_INPUT} items`);
    }
    for (const item of input) assertItem(item);
  }
  assertJson("info", info);
  assertText("title", title);
  if (retryOf !== undefined) assertId("retryOf", retryOf);
  if (options.replaceFrom !== undefined) {
    assertId("replaceFrom", options.replaceFrom);
    if (retryOf !== undefined) throw new TypeError("replaceFrom cannot be combined with retryOf");
  }
  if (after !== undefined) assertId("after", after);
  if (options.ttlSeconds !== undefined) assertTtl("ttlSeconds", options.ttlSeconds);
  if (idempotency !== undefined) {
    assertId("idempotency.key", idempotency.key);
    assertText("idempotency.requestHash", idempotency.requestHash);
  }
  if (history !== undefined) assertHistory(history);
}

/** @throws TypeError */
export function assertHistory(history: NonNullable<BeginOptions["history"]>): void {
  assertFields("history", history, HISTORY_FIELDS);
  const { maxBytes, window } = history;
  assertCount("history.maxBytes", maxBytes);
  assertText("history.window", window);
}

/**
 * What the script `BEGIN` takes behind the turn's id, the lease and the epoch.
 * @param recall whether the terms of the input are stored
 */
export const beginArguments = (turnId: string, options: BeginOptions, recall: boolean): string[] => {
  const { content, message, retryOf, idempotency, history, title = "", info = null, ttlSeconds } = options;
  const args = [
    JSON.stringify(info),
    title,
    idempotency?.key ?? "",
    idempotency?.requestHash ?? "",
    retryOf ?? "",
    String(history?.maxBytes ?? 0),
    history?.window ?? "",
    options.after ?? (options.mustExist ? "*" : ""),
    ttlSeconds === undefined ? "" : String(ttlSeconds * 1000),
    options.replaceFrom ?? "",
    recall
      ? encodeAllTerms(content === undefined ? [message ?? []].flat() : [{ role: "user", content }])
      : "",
    options.retrySame ? "1" : "",
  ];
  if (content !== undefined) args.push(...itemArguments({ role: "user", content, turnId }));
  else for (const item of [message ?? []].flat()) args.push(...itemArguments({ ...item, turnId }));
  return args;
};

/** Of what the script `BEGIN` returns. */
export function decodeBegun(
  reply: Reply,
): ({ readonly kind: "begun"; readonly startedAt: Date } & TurnHistory) | BeginRefusal {
  const [kind, , detail] = reply;
  if (kind === "refused") return { kind, reason: detail as RetryRefusal };
  if (kind === "busy" || kind === "replay" || kind === "mismatch") return { kind, turnId: String(detail) };
  const [, , , epoch, , count, started, ...found] = reply;
  const startedAt = new Date(Number(started));
  return { kind: "begun", startedAt, ...decodeHistory(found, String(epoch)), count: Number(count) };
}

/** Of what the script `PEEK` returns. */
export function decodePeeked([status, , detail, count, ...found]: Reply): PeekResult {
  if (status !== "refused") return { ...decodeHistory(found, String(detail)), count: Number(count) };
  const nothing = { items: [], messages: [], count: 0, rememberedStart: null, complete: true };
  return { ...nothing, refused: detail as RetryRefusal };
}

/** Of what the script function `add_history` adds to a reply. */
function decodeHistory(
  [remembered, first, ...records]: readonly (string | number)[],
  epoch: string,
): Omit<TurnHistory, "count"> {
  const items: IndexedItem[] = [];
  for (const [n, record] of records.entries()) {
    const index = Number(first) + n;
    const item = decodeItem(String(record), index, epoch);
    if (item !== undefined) items.push({ index, item });
  }
  const rememberedStart = Number(remembered) < 0 ? null : Number(remembered);
  // By the index and not by the first message: it may have been dropped.
  return {
    items,
    messages: messagesOf(items),
    rememberedStart,
    complete: Number(first) <= (rememberedStart ?? 0),
  };
}

/** Returns those with a role. */
export function messagesOf(items: readonly IndexedItem[]): IndexedMessage[] {
  const messages: IndexedMessage[] = [];
  for (const { index, item } of items) if (isMessage(item)) messages.push({ index, message: item });
  return messages;
}
