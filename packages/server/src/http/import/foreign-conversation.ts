import type { Json } from "@redis-memory-magic/memory";
import { type Fields, isFields } from "../../fields.ts";

export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const textOf = (value: unknown): string => (typeof value === "string" ? value.toWellFormed() : "");

/** A value's JSON; undefined if it is nested deeper than the stack. */
export function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** A conversation in the form of this server's import. */
export interface ForeignConversation {
  readonly session: { readonly title?: string };
  readonly messages: readonly ForeignItem[];
}

export interface ForeignItem {
  readonly role?: "system" | "user" | "assistant" | "tool";
  readonly type?: string;
  readonly content: string;
  readonly id?: string;
  readonly created_at?: string;
  readonly parts?: Json;
  readonly tool_calls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly tool_call_id?: string;
}

/** How many of each kind of thing were not taken, by what people call it. */
export type LeftOut = Map<string, number>;

const MAX_TITLE = 80;
const MAX_ID = 128;

/** Collects the items of a conversation, and counts what it cannot take. */
export class ConversationBuilder {
  readonly #items: ForeignItem[] = [];
  readonly #ids = new Set<string>();
  readonly #leftOut: LeftOut;
  #lastCall = "";

  constructor(leftOut: LeftOut) {
    this.#leftOut = leftOut;
  }

  /** Adds a message; one without anything in it is skipped. */
  add({ id, ...item }: ForeignItem): void {
    if (item.content.trim() === "" && item.parts === undefined) return;
    this.#items.push({ ...item, ...this.#ownId(id) });
  }

  addReasoning(content: string, created?: Pick<ForeignItem, "created_at">): void {
    this.add({ type: "reasoning", content, ...created });
  }

  addCall(id: string, name: string, input: unknown, created?: Pick<ForeignItem, "created_at">): void {
    this.#lastCall = id === "" ? `call_${this.#items.length}` : id.slice(0, MAX_ID);
    const args = this.#argumentsOf(input);
    const call = { id: this.#lastCall, name: name === "" ? "tool" : name, arguments: args };
    this.#items.push({ type: "function_call", content: args, tool_calls: [call], ...created });
  }

  /** @param callId empty: the output is that of the last call */
  addOutput(callId: string, content: string, created?: Pick<ForeignItem, "created_at">): void {
    const tool_call_id = callId === "" ? this.#lastCall : callId.slice(0, MAX_ID);
    if (tool_call_id === "") this.add({ role: "tool", content, ...created });
    else this.#items.push({ type: "function_call_output", content, tool_call_id, ...created });
  }

  leaveOut(what: string): void {
    this.#leftOut.set(what, (this.#leftOut.get(what) ?? 0) + 1);
  }

  /** Counts the messages that are not on the branch that is taken. */
  leaveOutOthers(messages: Iterable<Fields>, branch: readonly Fields[]): void {
    const taken = new Set(branch);
    for (const message of messages) if (!taken.has(message)) this.leaveOut("messages of other branches");
  }

  build(title: unknown): ForeignConversation {
    const short = [...textOf(title).trim()].slice(0, MAX_TITLE).join("");
    return { session: short === "" ? {} : { title: short }, messages: this.#items };
  }

  #argumentsOf(input: unknown): string {
    if (typeof input === "string") return input.toWellFormed();
    if (input === undefined) return "{}";
    const json = toJson(input);
    if (json === undefined) this.leaveOut("arguments of tool calls");
    return json ?? "{}";
  }

  /** Ids that cannot be kept are left to the server. */
  #ownId(id: string | undefined): { id?: string } {
    if (id === undefined || !/^[\w.:-]{1,128}$/.test(id) || this.#ids.has(id)) return {};
    this.#ids.add(id);
    return { id };
  }
}

/** A time in seconds, milliseconds or as a text. */
export function createdAt(time: unknown): Pick<ForeignItem, "created_at"> {
  const seconds = typeof time === "number" && time < 1e11 ? time * 1000 : time;
  const date = typeof seconds === "number" || typeof seconds === "string" ? new Date(seconds) : undefined;
  const isTime = date !== undefined && date.getTime() > 0 && date.getTime() < 253_402_300_800_000;
  return isTime ? { created_at: date.toISOString() } : {};
}

/**
 * The branch of a tree of messages that ends at one of them, oldest first.
 * @param parentOf the id of a message's parent
 */
export function branchTo<Node>(
  nodes: ReadonlyMap<string, Node>,
  last: unknown,
  parentOf: (node: Node) => unknown,
): Node[] {
  const branch: Node[] = [];
  const seen = new Set<string>();
  for (let id = textOf(last); nodes.has(id) && !seen.has(id); ) {
    seen.add(id);
    const node = nodes.get(id) as Node;
    branch.push(node);
    id = textOf(parentOf(node));
  }
  return branch.reverse();
}
