import type { Item, Json } from "../history/item.ts";
import { decodeItem, encodeRecord as encodeItemRecord } from "../history/item-record.ts";
import type { OutputItem } from "./turn-log.ts";

export const TURN_ENDS = ["completed", "cancelled", "failed", "interrupted"] as const;
/** How a turn has ended. `interrupted`: its server died, froze or could not reach Redis. */
export type TurnEnd = (typeof TURN_ENDS)[number];

/** A turn as Redis has it. */
export interface TurnRecord {
  readonly id: string;
  readonly status: "running" | TurnEnd;
  /** Index of its last input item: of the user's message. */
  readonly userIndex: number;
  /** Index of its first output item: of the answer, unless it has other items too. Null: it has none. */
  readonly answerIndex: number | null;
  /** How many items are its input; they end at `userIndex`. */
  readonly inputCount: number;
  /** How many items are its output; they begin at `answerIndex`. */
  readonly outputCount: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** What the writer stored with it. */
  readonly info: Json;
}

/** A turn that has ended, as an archive has it. */
export interface EndedTurn extends TurnRecord {
  readonly status: TurnEnd;
  /** The text of an answer that a retry has replaced: it is no message any more. */
  readonly replacedText?: string;
  /** The items of an output that a retry has replaced, if that was more than one message of text. */
  readonly replacedItems?: readonly Item[];
}

/** A turn as an import has it. Default: one input item, and one output item if there is an answer. */
export type ImportedTurn = Omit<EndedTurn, "inputCount" | "outputCount"> &
  Partial<Pick<EndedTurn, "inputCount" | "outputCount">>;

export function encodeRecord(turn: ImportedTurn): string {
  const { status, userIndex, answerIndex, startedAt, endedAt, info, replacedText, replacedItems } = turn;
  const { inputCount = 1, outputCount = answerIndex === null ? 0 : 1 } = turn;
  const counts = inputCount === 1 && outputCount <= 1 ? [] : [inputCount, outputCount];
  const head = [counts.length === 0 ? 1 : 2, status, userIndex, answerIndex ?? -1];
  const times = [startedAt.getTime(), endedAt?.getTime() ?? 0];
  const replaced = replacedItems
    ? [replacedItems.map((item) => JSON.parse(encodeItemRecord(item, item.createdAt.getTime())))]
    : [replacedText].filter((text) => text !== undefined);
  return JSON.stringify([...head, ...times, ...counts, info, ...replaced]);
}

/** A turn's record, and the records of the output that a retry has replaced. */
export interface DecodedTurn {
  readonly record: TurnRecord;
  /** Text, if it was one message of text. */
  readonly replaced?: string | readonly string[];
}

/** Undefined if there is none, or if it is damaged or of a layout version that is not known. */
export function decodeRecord(id: string, raw: string): DecodedTurn | undefined {
  const fields = parse(raw);
  if (fields === undefined) return undefined;
  const [version, status, userIndex, answer, started, ended, ...rest] = fields;
  const counts = version === 2 ? rest.splice(0, 2) : [1, answer < 0 ? 0 : 1];
  const [info = null, replaced] = rest;
  const record: TurnRecord = {
    id,
    status,
    userIndex,
    answerIndex: answer < 0 ? null : answer,
    inputCount: Number(counts[0]),
    outputCount: Number(counts[1]),
    startedAt: new Date(started),
    endedAt: ended === 0 ? null : new Date(ended),
    info,
  };
  if (typeof replaced === "string") return { record, replaced };
  if (Array.isArray(replaced)) return { record, replaced: replaced.map((one) => JSON.stringify(one)) };
  return { record };
}

/** What an archive has of the output that a retry has replaced. */
export function decodeReplaced(
  replaced: DecodedTurn["replaced"],
): Pick<EndedTurn, "replacedText" | "replacedItems"> {
  if (replaced === undefined) return {};
  if (typeof replaced === "string") return { replacedText: replaced };
  const replacedItems = replaced.flatMap((record) => decodeItem(record, 0, "") ?? []);
  return { replacedText: textOf(replacedItems), replacedItems };
}

/** The text of the messages among the items, one under the other. */
export const textOf = (items: readonly Pick<OutputItem, "role" | "content">[]): string =>
  items.flatMap(({ role, content }) => (role === undefined || content === "" ? [] : [content])).join("\n\n");

type RawRecord = [
  version: 1 | 2,
  status: TurnRecord["status"],
  user: number,
  answer: number,
  started: number,
  ended: number,
  ...rest: Json[],
];

function parse(raw: string): RawRecord | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(raw);
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields) || (fields[0] !== 1 && fields[0] !== 2)) return undefined;
  const [version, status, ...numbers] = fields as unknown[];
  const isStatus = status === "running" || TURN_ENDS.some((end) => end === status);
  const areNumbers = numbers.slice(0, version === 1 ? 4 : 6).every(Number.isSafeInteger);
  return isStatus && areNumbers && numbers.length >= (version === 1 ? 4 : 6)
    ? (fields as RawRecord)
    : undefined;
}
