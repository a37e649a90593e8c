import { damaged } from "../errors.ts";
import { isRole, type NewItem } from "../history/item.ts";
import { decodeItem, encodeExtras, type StoredCall } from "../history/item-record.ts";
import { grownText } from "./grown-text.ts";

/** What begins a mark in a turn's log. The scripts read the same, see their `records_of`. */
const MARK = "\uFDD0";

/** An item of a turn's output as far as it is written. */
export type OutputItem = NewItem & { readonly content: string };

/** True if a piece of log has more than text. */
export const hasMarks = (log: string): boolean => log.includes(MARK);

/** Text as it stands in a log. */
export const encodeText = (text: string): string => text.replaceAll(MARK, `${MARK}\n`);

/** An item that is begun: the arguments of a call that has none are its content. */
export type StartedItem = Omit<Partial<NewItem>, "toolCalls"> & {
  readonly toolCalls?: readonly StoredCall[];
};

/** The mark that begins an item, whose content follows. */
export function encodeStart(item: StartedItem): string {
  // No text is like it, so that nothing is taken for the content.
  const members = membersOf(item, MARK);
  return `${MARK}+${item.role ?? item.type}${members === "" ? "" : ` ${members}`}\n`;
}

/** The mark that finishes an item. @param more fields that are known only now */
export const encodeFinish = (more: Partial<NewItem>, content: string): string =>
  `${MARK}.${membersOf(more, content)}\n`;

/** The members of the object at the end of the item's record, without the braces. */
const membersOf = (fields: StartedItem, content: string): string =>
  JSON.stringify(encodeExtras(fields, content, true))
    .slice(1, -1)
    .replaceAll(MARK, "\\ufdd0");

/** An item of a turn's output, as a log or a session has it. */
export interface Segment {
  /** False for a message that began with its text: nothing tells its start and its end apart. */
  readonly isExplicit: boolean;
  /** The role, or the type of an item without one. */
  readonly kind: string;
  /** Members of the object at the end of its record, as JSON, each set with a comma before. */
  members: string;
  text: string;
  isDone: boolean;
}

/** Reads a log piece by piece. Marks stand in one piece each. @throws MemoryError `damaged` */
export class LogReader {
  readonly segments: Segment[] = [];

  /** @returns the text that was added to the last segment, or undefined if there were marks */
  read(log: string): string | undefined {
    if (!hasMarks(log)) {
      this.#add(log);
      return log;
    }
    const [first = "", ...rest] = log.split(MARK);
    this.#add(first);
    for (const part of rest) {
      const end = part.indexOf("\n");
      if (end < 0) throw damaged();
      const line = part.slice(1, end);
      if (end === 0) this.#add(MARK);
      else if (part.startsWith("+")) this.#start(line);
      else this.#finish(line);
      this.#add(part.slice(end + 1));
    }
    return undefined;
  }

  #add(text: string): void {
    if (text === "") return;
    const last = this.segments.at(-1);
    if (last) last.text = grownText(last.text, text);
    else this.segments.push({ isExplicit: false, kind: "assistant", members: "", text, isDone: false });
  }

  #start(line: string): void {
    const last = this.segments.at(-1);
    if (last) last.isDone = true;
    const space = line.indexOf(" ");
    const [kind, members] = space < 0 ? [line, ""] : [line.slice(0, space), `,${line.slice(space + 1)}`];
    this.segments.push({ isExplicit: true, kind, members, text: "", isDone: false });
  }

  #finish(line: string): void {
    const last = this.segments.at(-1);
    if (last === undefined) return;
    if (line !== "") last.members += `,${line}`;
    last.isDone = true;
  }
}

/** The segments of a turn that has ended. @param records its output in the session; dropped ones are skipped */
export const segmentsOf = (records: readonly string[]): Segment[] =>
  records.flatMap((record) => {
    const item = decodeItem(record, 0, "");
    if (item === undefined) return [];
    // Of a log only the text before the first item becomes a record of version 1.
    const isExplicit = record.startsWith("[2,");
    const { kind, members } = recordParts(record);
    return [{ isExplicit, kind, members, text: item.content, isDone: true }];
  });

/** The segments of an output that a retry has replaced: a text, or records. */
export const segmentsOfReplaced = (replaced: string | readonly string[]): Segment[] =>
  typeof replaced === "string"
    ? [{ isExplicit: false, kind: "assistant", members: "", text: replaced, isDone: true }]
    : segmentsOf(replaced);

function recordParts(record: string): { kind: string; members: string } {
  const [, kind, , , extras = {}] = JSON.parse(record) as [unknown, string, unknown, unknown, object?];
  const members = JSON.stringify(extras).slice(1, -1);
  return { kind, members: members === "" ? "" : `,${members}` };
}

/** The item of a segment, as far as it is written. @throws MemoryError `damaged` */
export function itemOf({ kind, members, text }: Segment): OutputItem {
  // Most items are plain messages.
  if (members === "" && isRole(kind)) return { role: kind, content: text };
  const record = `[2,${JSON.stringify(kind)},0,${JSON.stringify(text)},{${members.slice(1)}}]`;
  const item = decodeItem(record, 0, "");
  if (item === undefined) throw damaged();
  const { id, createdAt, turnId, ...fields } = item;
  return { ...fields, ...(id !== "-0" && { id }) } as OutputItem;
}

/** How the text of a kind of item is called while it is written. */
export function pieceType({ kind, members }: Segment): "text" | "reasoning" | "arguments" | "other" {
  if (isRole(kind)) return "text";
  if (kind === "reasoning") return "reasoning";
  return members.includes('"calls":') ? "arguments" : "other";
}
