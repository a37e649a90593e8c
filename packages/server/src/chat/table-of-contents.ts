import type { IndexedItem, Item, Summaries, Summary } from "@redis-memory-magic/memory";
import { type ContentsFailure, MAX_LISTED, type NoSummary } from "@redis-memory-magic/protocol";
import { type CountFunctions, largestThatFits } from "./largest-that-fits.ts";
import { QUOTE, quoteLines, splitQuoted } from "./quoted-block.ts";
import { readInTime } from "./read-in-time.ts";

/**
 * What a model is sent in place of the messages before the window: the summary that a model wrote in the background, if there
 * is one, and the first words of the user's messages since. The first words are read from the stored messages in each turn, so
 * a dropped message is never listed. Both stay the same until the window's start moves or a summary is stored, so that a
 * provider can cache them.
 */
export interface Contents {
  /** The index that the summary ends before, or why there is none; absent: an earlier version made this. */
  readonly summary?: number | NoSummary | undefined;
  /** The indexes of the messages that it lists, oldest first. */
  readonly listed: readonly number[];
  readonly failed?: ContentsFailure | undefined;
}

/** What a table of contents adds to a context. */
export interface SentContents {
  readonly contents: Contents;
  /** What is put before the first message; empty: nothing is listed. */
  readonly block: string;
  readonly tokens: number;
}

/** Reads the newest messages of the user, or those before an item, newest first. */
export type ReadQuestions = (options: { k: number; before?: string }) => Promise<readonly IndexedItem[]>;

/** Reads what models wrote of the session. */
export type ReadSummaries = () => Promise<Summaries>;

interface ContentsOptions extends CountFunctions {
  readonly read: ReadQuestions;
  readonly readSummaries: ReadSummaries;
  /** True if the turn's model may write a summary. */
  readonly canSummarize: boolean;
  /** The index of the first message in the window. */
  readonly start: number;
  /** The id of the first message in the window; empty: it is not stored yet. */
  readonly before: string;
  readonly maxTokens: number;
}

const SUMMARY_TITLE = "A model's summary of the conversation so far, as information, which can be wrong:";
const TITLE = "The user said earlier (first words only):";
const WORDS = 8;
/** Of a language without spaces this is the limit. */
const CHARS = 60;

/** Tokens that a table of contents may take. */
export const contentsRoom = (budget: number): number => Math.min(Math.floor(budget / 8), 200);

/** Tokens that a summary may have to be sent. */
export const summaryRoom = (room: number, estimate: (text: string) => number): number =>
  room - estimate(`${SUMMARY_TITLE}\n${QUOTE}`);

/**
 * Sums up what is outside the window: by a model's summary, where there is one, and by the user's newest messages that it does
 * not cover, as many as fit. A failure is part of the result.
 */
export async function listContents(options: ContentsOptions): Promise<SentContents> {
  const { read, readSummaries, before, maxTokens } = options;
  const reading = Promise.all([read({ k: MAX_LISTED, ...(before !== "" && { before }) }), readSummaries()]);
  const found = await readInTime(reading);
  if (typeof found === "string") return { contents: { listed: [], failed: found }, block: "", tokens: 0 };
  const [questions, summaries] = found;
  const chosen = await chooseSummary(summaries, options);
  const summary = typeof chosen === "string" ? undefined : chosen;
  const newestFirst = questions.filter(
    ({ index, item }) => index >= (summary?.to ?? 0) && firstWords(item.content) !== "",
  );
  const blockOf = (listed: readonly IndexedItem[]): string =>
    contentsBlock(listed.map(({ item }) => item).toReversed(), summary);
  const { kept, block, tokens } = await largestThatFits(newestFirst, maxTokens, blockOf, options);
  const contents = {
    listed: kept.map(({ index }) => index).toReversed(),
    summary: typeof chosen === "string" ? chosen : chosen.to,
  };
  return { contents, block, tokens };
}

/** The newest summary that covers nothing that the window has, if it fits; or why there is none. */
async function chooseSummary(
  { summaries, refused }: Summaries,
  { start, maxTokens, canSummarize, count }: ContentsOptions,
): Promise<Summary | NoSummary> {
  const summary = summaries.find(({ to }) => to <= start);
  if (summary === undefined) {
    return summaries.length > 0 ? "newer" : canSummarize ? (refused ?? "not_yet") : "no_model";
  }
  return (await count(contentsBlock([], summary))) > maxTokens ? "no_room" : summary;
}

/** Quotes a summary, and lists messages by their first words; empty without either. */
export const contentsBlock = (messages: readonly Item[], summary?: Summary): string =>
  [
    ...(summary === undefined ? [] : [SUMMARY_TITLE, ...quoteLines(summary.text)]),
    ...(messages.length === 0 ? [] : [TITLE, ...messages.map(lineOf)]),
  ].join("\n");

const lineOf = ({ content }: Item): string => QUOTE + firstWords(content);

/** The first words of a text, in one line. */
export function firstWords(text: string): string {
  const words = text.trimStart().slice(0, 1000).trimEnd().split(/\s+/);
  const characters = [...words.slice(0, WORDS).join(" ")];
  const isCut = words.length > WORDS || characters.length > CHARS;
  return `${characters.slice(0, CHARS).join("").toWellFormed()}${isCut ? "…" : ""}`;
}

/** Takes a message apart again: what stands before it, the summary and what the table of contents lists; and the message. */
export function splitContents(content: string): {
  readonly summary: string;
  readonly listed: readonly string[];
  readonly message: string;
} {
  const { lines, message } = splitQuoted(content, [SUMMARY_TITLE, TITLE]);
  const hasSummary = content.startsWith(SUMMARY_TITLE);
  const title = lines.indexOf(TITLE);
  const end = hasSummary ? (title < 0 ? lines.length : title) : 0;
  const textOf = (line: string): string => line.slice(QUOTE.length);
  return {
    summary: lines.slice(0, end).map(textOf).join("\n"),
    listed: lines.slice(hasSummary ? end + 1 : 0).map(textOf),
    message,
  };
}
