import type { IndexedItem, Item } from "@redis-memory-magic/memory";
import { type ContentsFailure, MAX_LISTED } from "@redis-memory-magic/protocol";
import { QUOTE, splitQuoted } from "./quoted-block.ts";
import { readInTime } from "./read-in-time.ts";

/**
 * A summary that needs no model: the first words of what the user said before the window begins. It is made from the
 * messages as they are at that moment, so it says nothing that was not said and lists nothing that was dropped. It
 * changes only when the window's beginning does, so a provider can cache it.
 */
export interface Contents {
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

interface ContentsOptions {
  readonly read: ReadQuestions;
  /** The id of the first message in the window; empty: it is not stored yet. */
  readonly before: string;
  readonly maxTokens: number;
  /** Tokens of a text, as they are counted at the end. */
  readonly count: (text: string) => Promise<number>;
  /** The same, at once. */
  readonly estimate: (text: string) => number;
}

const TITLE = "The user said earlier (first words only):";
const WORDS = 8;
/** Of a language without spaces this is the limit. */
const CHARS = 60;

/** Tokens that a table of contents may take. */
export const contentsRoom = (budget: number): number => Math.min(Math.floor(budget / 8), 200);

/** Lists the user's newest messages from outside the window, as many as fit. A failure is part of the result. */
export async function listContents({
  read,
  before,
  maxTokens,
  count,
  estimate,
}: ContentsOptions): Promise<SentContents> {
  const found = await readInTime(read({ k: MAX_LISTED, ...(before !== "" && { before }) }));
  if (typeof found === "string") return { contents: { listed: [], failed: found }, block: "", tokens: 0 };
  const newestFirst = found.filter(({ item }) => firstWords(item.content) !== "");
  let room = maxTokens - estimate(TITLE);
  const tooMany = newestFirst.findIndex(({ item }) => {
    room -= estimate(`\n${lineOf(item)}`);
    return room < 0;
  });
  // The last count decides: it is exact where the model has a tokenizer.
  for (let fits = tooMany < 0 ? newestFirst.length : tooMany; ; fits--) {
    const listed = newestFirst.slice(0, fits).toReversed();
    const block = contentsBlock(listed.map(({ item }) => item));
    const tokens = block === "" ? 0 : await count(block);
    if (tokens > maxTokens && fits > 0) continue;
    return { contents: { listed: listed.map(({ index }) => index) }, block, tokens };
  }
}

/** Lists messages by their first words; empty without messages. */
export const contentsBlock = (messages: readonly Item[]): string =>
  messages.length === 0 ? "" : [TITLE, ...messages.map(lineOf)].join("\n");

const lineOf = ({ content }: Item): string => QUOTE + firstWords(content);

/** The first words of a text, in one line. */
export function firstWords(text: string): string {
  const words = text.trimStart().slice(0, 1000).trimEnd().split(/\s+/);
  const characters = [...words.slice(0, WORDS).join(" ")];
  const isCut = words.length > WORDS || characters.length > CHARS;
  return `${characters.slice(0, CHARS).join("").toWellFormed()}${isCut ? "…" : ""}`;
}

/** Takes a message apart again: what the table of contents before it lists, and the message. */
export function splitContents(content: string): {
  readonly listed: readonly string[];
  readonly message: string;
} {
  const { lines, message } = splitQuoted(content, [TITLE]);
  return { listed: lines.map((line) => line.slice(QUOTE.length)), message };
}
