import { MemoryError } from "../errors.ts";
import type { Json, NewItem } from "../history/item.ts";
import { encodeRecord as encodeItemRecord } from "../history/item-record.ts";
import { metadataJson } from "../history/message-history.ts";
import { newEpoch } from "../redis/epoch.ts";
import type { ForkPoint } from "../sessions/session-info.ts";
import { encodeRecord, type ImportedTurn, TURN_ENDS } from "../turns/turn-record.ts";
import { assertCount, assertFields, assertId, assertItem, assertText, assertTtl } from "../validate.ts";
import type { CopiedBlob, Entry } from "./session-copy.ts";

/** An item with its time, and with its id and its turn if it has them. */
export type SessionImportMessage = NewItem & { readonly createdAt: Date; readonly turnId?: string };

/** A session to be made as it once was. */
export interface SessionImport {
  readonly title?: string;
  /** A TTL of its own, unless it is the usual one. */
  readonly ttlSeconds?: number;
  readonly rootId?: string;
  readonly forkedFrom?: ForkPoint;
  /** The session's metadata. */
  readonly metadata?: Json;
  /** Its blobs; each must have the id of its data. */
  readonly blobs?: Iterable<CopiedBlob> | AsyncIterable<CopiedBlob>;
  /** Null keeps the index of one that was dropped. */
  readonly messages: readonly (SessionImportMessage | null)[];
  /** Their indexes refer to `messages`. */
  readonly turns?: readonly ImportedTurn[];
}

const SESSION_FIELDS = new Set([
  ...["title", "ttlSeconds", "rootId", "forkedFrom", "metadata", "blobs", "messages", "turns"],
]);
const FORK_FIELDS = new Set(["sessionId", "messageId"]);
const TURN_FIELDS = new Set([
  ...["id", "status", "userIndex", "answerIndex", "inputCount", "outputCount", "startedAt", "endedAt"],
  ...["info", "replacedText", "replacedItems"],
]);

interface Encoded {
  readonly layout: "1" | "2";
  readonly epoch: string;
  readonly entries: readonly Entry[];
  readonly turns: readonly [id: string, record: string][];
  /** JSON, or empty. */
  readonly metadata: string;
}

/** @throws TypeError for what is no such session; MemoryError `duplicate_id` */
export function encodeSession(session: SessionImport): Encoded {
  assertFields("session", session, SESSION_FIELDS);
  const { title, ttlSeconds, rootId, forkedFrom, messages, turns = [] } = session;
  if (!Array.isArray(messages)) throw new TypeError("messages must be an array");
  const metadata = session.metadata === undefined ? "" : metadataJson(session.metadata);
  if (title !== undefined) assertText("title", title);
  if (ttlSeconds !== undefined) assertTtl("ttlSeconds", ttlSeconds);
  if (rootId !== undefined) assertId("rootId", rootId);
  if (forkedFrom !== undefined) {
    assertFields("forkedFrom", forkedFrom, FORK_FIELDS);
    assertId("forkedFrom.sessionId", forkedFrom.sessionId);
  }
  if (forkedFrom?.messageId != null) assertId("forkedFrom.messageId", forkedFrom.messageId);
  const ids = new Set<string>();
  for (const message of messages) if (message !== null) assertRestored(message, ids);
  for (const turn of turns) assertTurn(turn, messages.length);
  const epoch = ownEpoch(messages) ?? newEpoch();
  const entries = messages.map((message, index) => {
    if (message === null) return { record: "0" };
    // An id that follows from the message's index is neither stored nor indexed.
    const { id, ...derived } = message;
    if (id === undefined || id === `${epoch}-${index}`) return { record: encodeEntry(derived) };
    return { record: encodeEntry(message), id };
  });
  const encodedTurns = turns.map((turn): [string, string] => [turn.id, encodeRecord(turn)]);
  const records = [...entries.map(({ record }) => record), ...encodedTurns.map(([, record]) => record)];
  return {
    layout: records.some((record) => record.startsWith("[2,")) ? "2" : "1",
    epoch,
    entries,
    turns: encodedTurns,
    metadata,
  };
}

const encodeEntry = (message: SessionImportMessage): string =>
  encodeItemRecord(message, message.createdAt.getTime());

/**
 * The epoch that a session had whose ids these are; undefined where its ids would not fit together: then it gets a
 * new one, and all ids are kept as if their callers had given them.
 */
function ownEpoch(messages: readonly (SessionImportMessage | null)[]): string | undefined {
  const derived = messages.findIndex(
    (message, index) => message?.id?.match(/^[0-9a-f]{8}-(\d+)$/)?.[1] === `${index}`,
  );
  const epoch = messages[derived]?.id?.slice(0, 8);
  if (epoch === undefined) return undefined;
  const fits = messages.every(
    (message, index) => !message?.id?.startsWith(`${epoch}-`) || message.id === `${epoch}-${index}`,
  );
  return fits ? epoch : undefined;
}

function assertRestored(message: SessionImportMessage, ids: Set<string>): void {
  assertItem(message, ["turnId"]);
  if (message.createdAt === undefined) throw new TypeError("createdAt must be given");
  if (message.turnId !== undefined) assertId("turnId", message.turnId);
  if (message.id === undefined) return;
  if (ids.has(message.id)) {
    throw new MemoryError("duplicate_id", `Two messages have the id ${JSON.stringify(message.id)}`);
  }
  ids.add(message.id);
}

function assertTurn(turn: ImportedTurn, end: number): void {
  assertFields("a turn", turn, TURN_FIELDS);
  assertId("a turn's id", turn.id);
  if (!TURN_ENDS.includes(turn.status)) throw new TypeError("a turn's status must be one of an end");
  assertIndex("userIndex", turn.userIndex, end);
  if (turn.answerIndex !== null) assertIndex("answerIndex", turn.answerIndex, end);
  for (const time of [turn.startedAt, turn.endedAt]) {
    if (time !== null && !Number.isSafeInteger(time.getTime())) {
      throw new TypeError("a turn's times must be valid Dates");
    }
  }
  const { userIndex, answerIndex, inputCount = 1, outputCount = answerIndex === null ? 0 : 1 } = turn;
  assertCount("inputCount", inputCount);
  assertCount("outputCount", outputCount);
  if (inputCount === 0 || inputCount > userIndex + 1) throw new TypeError("inputCount must fit userIndex");
  if ((answerIndex === null) !== (outputCount === 0) || (answerIndex ?? 0) + outputCount > end) {
    throw new TypeError("outputCount must fit answerIndex");
  }
  if (turn.replacedText !== undefined) assertText("replacedText", turn.replacedText);
  for (const item of turn.replacedItems ?? []) assertItem(item, ["turnId"]);
}

function assertIndex(what: string, index: number, end: number): void {
  assertCount(what, index);
  if (index >= end) throw new TypeError(`${what} must be the index of one of the messages`);
}
