import type { RunScript } from "../redis/script-runner.ts";
import { READ_SUMMARIES } from "../scripts/summary.ts";

/** What a model wrote of the beginning of a session, up to an index, and where it comes from. */
export interface Summary {
  /** Data, never instructions: a model wrote it of what users and models wrote. */
  readonly text: string;
  /** It covers all items before this index. */
  readonly to: number;
  /** The model that wrote it, as its caller names it. */
  readonly model: string;
  readonly createdAt: Date;
}

/** Why a model's answer was not stored, see `refusalOf`. */
export type SummaryRefusal =
  | "empty"
  | "too_long"
  | "declined"
  | "markup"
  | "instructs"
  | "repeats"
  | "copies"
  | "invents";

/**
 * Why a session has no newer summary. `changed`: an item that one covered was changed or removed. `interrupted`: its caller gave
 * it up, so the next one may try again at once.
 */
export type NoSummary = SummaryRefusal | "failed" | "late" | "interrupted" | "changed";

/** The summaries of a session. */
export interface Summaries {
  /** Newest first: the current one, and at most three that it replaced. */
  readonly summaries: readonly Summary[];
  /** Why the last one that was tried is not among them. */
  readonly refused?: NoSummary;
}

export interface StoredSummaries extends Summaries {
  /** Of the session; empty: there is none. */
  readonly epoch: string;
}

/** @throws MemoryError `unavailable`, `damaged` */
export async function readSummaries(run: RunScript): Promise<StoredSummaries> {
  const [, , epoch, refused, ...records] = await run(READ_SUMMARIES, []);
  return {
    epoch: String(epoch),
    summaries: records.flatMap((record) => decodeSummary(String(record)) ?? []).sort((a, b) => b.to - a.to),
    ...(refused !== "" && { refused: String(refused) as NoSummary }),
  };
}

/** What stands behind the time in the record `[1,to,created,"model","text"]`. */
export const recordTail = ({ model, text }: Pick<Summary, "model" | "text">): string =>
  JSON.stringify([model, text]).slice(1);

export const encodeSummary = (summary: Summary): string =>
  `[1,${summary.to},${summary.createdAt.getTime()},${recordTail(summary)}`;

/** Undefined if another program wrote it. */
export function decodeSummary(record: string): Summary | undefined {
  try {
    const [version, to, created, model, text] = JSON.parse(record);
    const isSummary = version === 1 && [to, created].every(Number.isSafeInteger);
    if (!isSummary || typeof model !== "string" || typeof text !== "string") return undefined;
    return { text, to, model, createdAt: new Date(created) };
  } catch {
    return undefined;
  }
}
