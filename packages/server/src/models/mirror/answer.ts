import type { ContextItem, ContextMessage } from "../../chat/context-item.ts";
import { splitRecalled } from "../../chat/recall-block.ts";
import { splitContents } from "../../chat/table-of-contents.ts";

/** The most that is quoted of one message, in code points. */
const MAX_QUOTED = 200;

/** What can be known from these items and nothing else: how many they are, and what the user said before. */
export function mirrorAnswer(items: readonly ContextItem[]): string {
  const outside = [...listedTexts(items), ...recalledTexts(items)];
  return [textAnswer(items, outside.length > 0), ...outside, ...otherItems(items)].join(" ");
}

function textAnswer(items: readonly ContextItem[], isReminded: boolean): string {
  const messages = items.filter((item) => item.type === undefined);
  if (items.length <= 1) {
    const known = isReminded ? "" : " I know nothing of what was said before.";
    return `I was sent 1 message: this one.${known}`;
  }
  const count = `I was sent ${counted(messages.length, "message")}.`;
  const earlier = items.at(-1)?.type === undefined ? messages.slice(0, -1) : messages;
  const said = earlier.filter((message) => message.role === "user");
  if (said.length === 0) return `${count} None of those before this one is from you.`;
  return `${count} Before this one you said: ${joinList(said.map(quote))}.`;
}

/** Sentences about the summary and the table of contents of what is outside the window. */
function listedTexts([first]: readonly ContextItem[]): string[] {
  const { summary, listed } = splitContents(first?.type === undefined ? (first?.content ?? "") : "");
  return [
    ...(summary === "" ? [] : [`I was sent a summary: ${quoteText(summary)}.`]),
    ...(listed.length === 0 ? [] : [`I was sent the first words of: ${joinList(listed.map(quoteText))}.`]),
  ];
}

/** A sentence about what is quoted from outside the window. */
function recalledTexts(items: readonly ContextItem[]): string[] {
  const question = items.findLast((item) => item.type === undefined && item.role === "user");
  const { said } = splitRecalled(withoutContents((question as ContextMessage | undefined)?.content ?? ""));
  return said.length === 0 ? [] : [`I was reminded that you said: ${joinList(said.map(quoteText))}.`];
}

/** Sentences about what is no text. */
function otherItems(items: readonly ContextItem[]): string[] {
  const parts = items.flatMap((item) => (item.type === "function_call" ? [] : (item.parts ?? [])));
  const images = parts.filter(({ type }) => type === "image").length;
  const files = parts.flatMap((part) => (part.type === "file" ? [part.name] : []));
  const sentences = items.flatMap((item) => {
    if (item.type === "function_call") return [`I called ${item.name} with ${item.arguments}.`];
    return item.type === "function_call_output" ? [`The output was ${quoteText(item.content)}.`] : [];
  });
  if (images > 0) sentences.push(`I was sent ${counted(images, "image")}.`);
  if (files.length > 0) sentences.push(`I was sent ${counted(files.length, "file")}: ${joinList(files)}.`);
  return sentences;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const withoutContents = (content: string): string => splitContents(content).message;

const quote = ({ content }: ContextMessage): string =>
  quoteText(splitRecalled(withoutContents(content)).message);

function quoteText(text: string): string {
  const characters = [...text.replace(/[\t\n\r ]+/g, " ").trim()];
  const shown = characters.length > MAX_QUOTED ? [...characters.slice(0, MAX_QUOTED), "…"] : characters;
  return `"${shown.join("")}"`;
}

function joinList(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last;
}
