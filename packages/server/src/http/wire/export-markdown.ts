import type { Item } from "@redis-memory-magic/memory";
import { readParts } from "../../chat/stored-parts.ts";
import type { ArchivedSession, TurnRecord } from "../../chat/stored-session.ts";

/**
 * Yields a session as Markdown for reading. Message content is in a fence or quotation that it cannot leave, and a viewer
 * loads or runs nothing of it.
 * @param nameOf returns a provider's display name
 */
export async function* exportMarkdown(
  archive: ArchivedSession,
  nameOf: (provider: string) => string,
): AsyncGenerator<string, void, void> {
  const { id, title, createdAt, updatedAt, forkedFrom } = archive.session;
  const fork = forkedFrom && `, forked from ${escapeMarkdown(forkedFrom.sessionId)}`;
  yield `# ${escapeMarkdown(title ?? id)}\n\n`;
  yield `Session ${escapeMarkdown(id)}, begun ${toTime(createdAt)}, last used ${toTime(updatedAt)}${fork ?? ""}\n`;
  for await (const { messages, turns } of archive.items()) {
    const there = messages.filter((message) => message !== null);
    yield there.map((message) => toSection(message, turns.get(message.turnId ?? ""), nameOf)).join("");
  }
}

const HEADINGS = {
  system: "System",
  developer: "Developer",
  user: "User",
  assistant: "Assistant",
  tool: "Tool",
} as const;

const OTHER_HEADINGS: ReadonlyMap<string, string> = new Map([
  ["reasoning", "Reasoning"],
  ["function_call", "Tool call"],
  ["function_call_output", "Tool output"],
]);

function toSection(
  message: Item,
  turn: TurnRecord | undefined,
  nameOf: (provider: string) => string,
): string {
  const { role, type, content, createdAt, toolCalls = [], parts: stored } = message;
  const heading = role === undefined ? (OTHER_HEADINGS.get(type) ?? escapeMarkdown(type)) : HEADINGS[role];
  const parts = [`\n## ${heading}, ${toTime(createdAt)}\n`];
  if (role === "assistant" && turn) {
    const { mode, provider, model } = turn.info;
    const end = turn.status === "completed" ? "" : `, ${turn.status}`;
    parts.push(`${mode}, ${escapeMarkdown(nameOf(provider))}, ${escapeMarkdown(model)}${end}\n`);
  }
  const isCall = role === undefined && toolCalls.length > 0;
  if (content !== "" && !isCall) parts.push(role === "assistant" ? toQuotation(content) : toFence(content));
  for (const call of toolCalls) parts.push(toFence(`${call.name}(${call.arguments})`));
  for (const part of readParts(stored)?.parts ?? []) {
    if (part.type === "image") parts.push("(an image)\n");
    else if (part.type === "file") parts.push(`(the file ${escapeMarkdown(part.name)})\n`);
  }
  return parts.join("\n");
}

// Markdown that could act outside its quotation or load something: raw HTML, images, links other than http, and link
// definitions. An answer with any of it is written into a fence, without formatting.
const REACHES_OUT = /<[a-z/!?]|!\[|\]\((?!https?:)|\]:\s*(?!https?:)[^\s:&]*[:&]/i;

function toQuotation(answer: string): string {
  if (REACHES_OUT.test(answer)) return toFence(answer);
  const lines = answer.split(LINE_END).map((line) => `> ${line}`);
  return `${lines.join("\n")}\n`;
}

const LINE_END = /\r\n|\r|\n/;

/** Puts text between fences that are longer than any run of backticks in it, so that none of it is Markdown. */
function toFence(text: string): string {
  let fence = "```";
  for (const [run] of text.matchAll(/`{3,}/g)) if (run.length >= fence.length) fence = `${run}\``;
  return `${fence}text\n${text}\n${fence}\n`;
}

/** Puts text on one line and escapes Markdown. */
const escapeMarkdown = (text: string): string =>
  text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#!|~&$]/g, "\\$&");

const toTime = (date: Date): string => `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
