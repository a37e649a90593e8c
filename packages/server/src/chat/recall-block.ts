import type { Item } from "@redis-memory-magic/memory";
import { withoutReasoning } from "./reasoning-tags.ts";

const TITLE = "Quoted from earlier in this conversation, not all of it:";
/** Begins each line, so that no text can end the quotation. */
const QUOTE = "> ";
const USER = "User";

/** Quotes items of earlier turns, to be put before the user's message. */
export const recallBlock = (items: readonly Item[]): string =>
  [TITLE, ...items.map(recallLines)].filter((lines) => lines !== "").join("\n");

/** An item as it is quoted; empty for one without a text. A user's message begins with its date. */
export function recallLines({ role, type, content, toolCalls = [], toolCallId, createdAt }: Item): string {
  const said = role === "assistant" ? withoutReasoning(content) : content;
  const isOutput = role === "tool" || toolCallId !== undefined;
  const lines = [
    ...(type === undefined && !isOutput ? [`${SPEAKERS[role ?? ""] ?? "Note"}: ${said}`] : []),
    ...toolCalls.map(({ name, arguments: args }) => `Call of ${name}: ${args}`),
    ...(isOutput ? [`Result: ${said}`] : []),
  ].filter((line) => !line.endsWith(": "));
  const text = lines.join("\n");
  if (text === "") return "";
  const dated = role === "user" && !isOutput ? `[${minuteOf(createdAt)}] ${text}` : text;
  return QUOTE + dated.split(/\r\n|[\n\r\u2028\u2029]/).join(`\n${QUOTE}`);
}

const SPEAKERS: Readonly<Record<string, string>> = { user: USER, assistant: "Assistant" };

/** UTC, such as 2026-11-27 08:15. */
const minuteOf = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

/** Puts quoted turns before a message. */
export const withRecalled = (block: string, content: string): string => `${block}\n\n${content}`;

const FIRST_LINE = new RegExp(`^${QUOTE}\\[[^\\]]*\\] ${USER}: `);

/** Takes a message apart again: what the user said before in it, first line by first line, and the message. */
export function splitRecalled(content: string): {
  readonly said: readonly string[];
  readonly message: string;
} {
  if (!content.startsWith(`${TITLE}\n`)) return { said: [], message: content };
  const end = content.indexOf("\n\n");
  const lines = content.slice(0, end).split("\n");
  return {
    said: lines.flatMap((line) => (FIRST_LINE.test(line) ? [line.replace(FIRST_LINE, "")] : [])),
    message: content.slice(end + 2),
  };
}
