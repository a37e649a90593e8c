import { LINE_BREAK } from "@redis-memory-magic/memory/internal";

/** Begins each line of a quotation, so that no text can end it. */
export const QUOTE = "> ";

/** Quotes each line of a text. */
export const quoteLines = (text: string): string[] => text.split(LINE_BREAK).map((line) => QUOTE + line);

/** Indents the further lines of an entry, so that none of them can look like the beginning of another entry. */
export const indentLines = (entry: string, mark = ""): string =>
  entry.replaceAll(LINE_BREAK, `\n${mark}    `);

/** Puts a block of quotations before a message. */
export const withQuoted = (block: string, content: string): string => `${block}\n\n${content}`;

/** Takes a message apart again: the lines of the block that begins it with one of these titles, and the message. */
export function splitQuoted(
  content: string,
  titles: readonly string[],
): { readonly lines: readonly string[]; readonly message: string } {
  if (!titles.some((title) => content.startsWith(`${title}\n`))) return { lines: [], message: content };
  const end = content.indexOf("\n\n");
  return { lines: content.slice(0, end).split("\n").slice(1), message: content.slice(end + 2) };
}
