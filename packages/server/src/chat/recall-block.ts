import type { Item, Passage } from "@redis-memory-magic/memory";
import { indentLines, QUOTE, splitQuoted } from "./quoted-block.ts";
import { withoutReasoning } from "./reasoning-tags.ts";

/** A turn that is quoted. */
export interface QuotedTurn {
  readonly items: readonly Item[];
  /** The title of the other session that it is from; undefined: this one. */
  readonly title?: string | null | undefined;
  /** Set if it is one item whose text is cut. */
  readonly passage?: Passage | undefined;
}

const TITLE = "Quoted from earlier in this conversation, not all of it:";
const TITLE_OF_ALL = "Quoted from earlier in this and other conversations, not all of it:";
const USER = "User";
const IN_PART = ", in part";

/** Quotes earlier turns, to be put before the user's message. */
export const recallBlock = (turns: readonly QuotedTurn[], linesOf = recallLines): string =>
  [
    turns.some(({ title }) => title !== undefined) ? TITLE_OF_ALL : TITLE,
    ...turns.flatMap((turn) => quotedLines(turn, linesOf)),
  ]
    .filter((lines) => lines !== "")
    .join("\n");

/** The items of a turn as they are quoted. */
export const quotedLines = ({ items, title, passage }: QuotedTurn, linesOf = recallLines): string[] =>
  items.map((item) => linesOf(item, title, passage !== undefined));

/**
 * Returns an item as it is quoted; empty for one without a text. A user's message and a passage begin with their dates. The
 * further lines of a text are indented, so that none of them can look like the beginning of another item.
 */
export function recallLines(
  { role, type, content, toolCalls = [], toolCallId, createdAt }: Item,
  title?: string | null,
  isCut = false,
): string {
  const said = role === "assistant" ? withoutReasoning(content) : content;
  const isOutput = role === "tool" || toolCallId !== undefined;
  const line = (label: string, text: string): string[] =>
    text === "" ? [] : [indentLines(`${label}: ${text}`, QUOTE)];
  const speaker = `${SPEAKERS[role ?? ""] ?? "Note"}${isCut ? IN_PART : ""}`;
  const lines = [
    ...(type === undefined && !isOutput ? line(speaker, isCut ? `… ${said} …` : said) : []),
    ...toolCalls.flatMap(({ name, arguments: args }) => line(`Call of ${name}`, args)),
    ...(isOutput ? line("Result", said) : []),
  ];
  const text = lines.join(`\n${QUOTE}`);
  if (text === "") return "";
  const dated =
    (role === "user" && !isOutput) || isCut ? `[${minuteOf(createdAt)}${placeOf(title)}] ${text}` : text;
  return QUOTE + dated;
}

const SPEAKERS: Readonly<Record<string, string>> = { user: USER, assistant: "Assistant" };

const placeOf = (title: string | null | undefined): string =>
  title === undefined ? "" : title === null ? ", in another conversation" : `, in "${cleaned(title)}"`;

/** A title cannot end the brackets or the line that it is quoted in. */
const cleaned = (title: string): string => title.replaceAll(/[[\]"\s\u2028\u2029]+/g, " ").trim();

/** UTC, such as 2026-11-27 08:15. */
const minuteOf = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

const FIRST_LINE = new RegExp(`^${QUOTE}\\[[^\\]]*\\] ${USER}(?:${IN_PART})?: `);

/** Takes a message apart again: what the user said before in it, first line by first line, and the message. */
export function splitRecalled(content: string): {
  readonly said: readonly string[];
  readonly message: string;
} {
  const { lines, message } = splitQuoted(content, [TITLE, TITLE_OF_ALL]);
  return {
    said: lines.flatMap((line) => (FIRST_LINE.test(line) ? [line.replace(FIRST_LINE, "")] : [])),
    message,
  };
}
