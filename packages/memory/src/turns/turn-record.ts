import type { Json } from "../history/item.ts";

export const TURN_ENDS = ["completed", "cancelled", "failed", "interrupted"] as const;
/** How a turn has ended. `interrupted`: its server died, froze or could not reach Redis. */
export type TurnEnd = (typeof TURN_ENDS)[number];

/** A turn as Redis has it. */
export interface TurnRecord {
  readonly id: string;
  readonly status: "running" | TurnEnd;
  /** Index of the user's message in the session, and of the answer, where there is one. */
  readonly userIndex: number;
  readonly answerIndex: number | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** What the writer told of it. */
  readonly info: Json;
}

type RawRecord = [1, TurnRecord["status"], number, number, number, number, Json, string?];

/** A turn that has ended, as an archive has it. */
export interface EndedTurn extends TurnRecord {
  readonly status: TurnEnd;
  /** The text of an answer that a retry has replaced: it is no message any more. */
  readonly replacedText?: string;
}

export function encodeRecord(turn: EndedTurn): string {
  const { status, userIndex, answerIndex, startedAt, endedAt, info, replacedText } = turn;
  const times = [startedAt.getTime(), endedAt?.getTime() ?? 0];
  const replaced = replacedText === undefined ? [] : [replacedText];
  return JSON.stringify([1, status, userIndex, answerIndex ?? -1, ...times, info, ...replaced]);
}

/**
 * Undefined when there is none, or one that is damaged or of a layout version that is not known. The text is that of
 * an answer which a retry has replaced.
 */
export function decodeRecord(id: string, raw: string): { record: TurnRecord; replaced?: string } | undefined {
  const parts = parse(raw);
  if (parts === undefined) return undefined;
  const [, status, userIndex, answer, started, ended, info, replaced] = parts;
  const record: TurnRecord = {
    id,
    status,
    userIndex,
    answerIndex: answer < 0 ? null : answer,
    startedAt: new Date(started),
    endedAt: ended === 0 ? null : new Date(ended),
    info,
  };
  return replaced === undefined ? { record } : { record, replaced };
}

function parse(raw: string): RawRecord | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(raw);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts[0] !== 1) return undefined;
  const [, status, ...numbers] = parts as unknown[];
  const isStatus = status === "running" || TURN_ENDS.some((end) => end === status);
  const areNumbers = [0, 1, 2, 3].every((n) => Number.isSafeInteger(numbers[n]));
  return isStatus && areNumbers ? (parts as RawRecord) : undefined;
}
