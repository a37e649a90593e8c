import { type Item, modelWindow } from "@redis-memory-magic/memory";
import type { Lack, PromptChange } from "@redis-memory-magic/protocol";
import { isFields } from "../fields.ts";
import {
  BREAK,
  type ContentPart,
  type ContextItem,
  type ContextMessage,
  type FilePart,
  type ImagePart,
  joinReasoning,
  type Phase,
  phaseOf,
  type Reasoning,
  textOf,
} from "./context-item.ts";
import { extraContentOf, originOf } from "./extra-content.ts";
import { withQuoted } from "./quoted-block.ts";
import { withoutReasoning } from "./reasoning-tags.ts";
import { readParts } from "./stored-parts.ts";

/** An item of a prompt, and the positions of the history's items that it was made of. */
export type PromptItem = ContextItem & { readonly sources: readonly number[] };

export interface Prompt {
  readonly system: string;
  readonly items: readonly PromptItem[];
  /** What was changed, with the number of items that were. */
  readonly changes: readonly PromptChange[];
}

/**
 * Puts a history into the form that every chat template accepts: one system prompt, then user and assistant in turn,
 * the user first, none of them empty; tool calls with their outputs behind them. Only the assistant's messages that
 * have a phase stay apart. Of what was said nothing is lost by it, and what the model cannot take is replaced by a
 * text.
 */
export function normalizePrompt(
  system: string,
  history: readonly Item[],
  lacks: readonly Lack[] = [],
): Prompt {
  const prompt = new PromptBuilder(system, lacks);
  const reasons = new Map(modelWindow(history).leftOut.map(({ item, reason }) => [item, reason]));
  for (const [n, item] of history.entries()) {
    const reason = reasons.get(item);
    if (item.role === "system" || item.role === "developer") {
      prompt.instruct(item.content);
    } else if (item.role === "tool" || item.toolCallId !== undefined) {
      prompt.addOutput(item, n, reason === undefined);
    } else if (item.role !== undefined) {
      if (item.role === "assistant") prompt.addAnswer(item, n);
      else prompt.addQuestion(item, n, n === history.length - 1);
      prompt.addCalls(item, n, reason);
    } else if (item.toolCalls !== undefined) {
      prompt.addCalls(item, n, reason);
    } else if (item.type === "compaction" && item.content !== "") {
      prompt.addQuestion({ ...item, parts: null }, n, false);
    } else if (item.type === "reasoning") {
      prompt.addReasoning(item, n);
    } else {
      prompt.leaveOut();
    }
  }
  return prompt.build();
}

/** What is quoted from outside a history; absent or empty: nothing. */
export interface QuotedBlocks {
  /** The table of contents. */
  readonly contents?: string | undefined;
  /** The recalled turns. */
  readonly recall?: string | undefined;
}

/**
 * The prompt for a history. Text from outside it is quoted in messages of the user: the table of contents before the
 * first one, recalled turns before the last one.
 */
export function promptOf(
  system: string,
  history: readonly Item[],
  lacks: readonly Lack[] = [],
  { contents, recall }: QuotedBlocks = {},
): Prompt {
  const prompt = normalizePrompt(system, history, lacks);
  const { first, last } = quotingAt(prompt.items);
  return quoteAt(quoteAt(prompt, last, recall), first, contents);
}

/** The positions of the user's first message, which a prompt begins with, and of the last one. */
export const quotingAt = (
  items: readonly ContextItem[],
): { readonly first: number; readonly last: number } => ({
  first: items.findIndex(isQuestion),
  last: items.findLastIndex(isQuestion),
});

const isQuestion = (item: ContextItem): boolean => item.type === undefined && item.role === "user";

function quoteAt(prompt: Prompt, position: number, block = ""): Prompt {
  const message = prompt.items[position];
  if (block === "" || message === undefined || message.type !== undefined) return prompt;
  const content = withQuoted(block, message.content);
  const quoted: ContentPart = { type: "text", text: block };
  const parts = message.parts && { parts: [quoted, ...message.parts] };
  return { ...prompt, items: prompt.items.with(position, { ...message, content, ...parts }) };
}

class PromptBuilder {
  readonly #systems: string[];
  readonly #lacks: readonly Lack[];
  readonly #items: PromptItem[] = [];
  /** Calls whose outputs are still to come: nothing may stand between them. */
  readonly #open = new Set<string>();
  /** What waits for the last of these outputs. */
  readonly #waiting: [ContextMessage, number][] = [];
  /** What the model thought before an item that is still to come, and where it stands. */
  readonly #reasoning: [Reasoning, number][] = [];
  readonly #counts = new Map<PromptChange["change"], number>();

  constructor(system: string, lacks: readonly Lack[]) {
    this.#systems = system === "" ? [] : [system];
    this.#lacks = lacks;
  }

  instruct(content: string): void {
    if (content.trim() === "") {
      this.#count("empty_left_out");
      return;
    }
    this.#systems.push(content);
    this.#count("moved_to_system");
  }

  addQuestion({ content, parts: stored }: Item, source: number, isCurrent: boolean): void {
    const parts = this.#partsOf(stored, "images");
    if (parts === undefined && content.trim() === "" && !isCurrent) {
      this.#count("empty_left_out");
      return;
    }
    this.#add(
      parts === undefined ? { role: "user", content } : { role: "user", ...contentOf(parts) },
      source,
    );
  }

  addAnswer({ content: given, metadata, toolCalls }: Item, source: number): void {
    const content = withoutReasoning(given);
    if (content !== given) this.#count("reasoning_removed");
    if (content.trim() !== "") {
      this.#addAnswer(content, source, phaseOf(metadata));
      return;
    }
    if (toolCalls === undefined) this.#count("empty_left_out");
  }

  addCalls({ toolCalls = [], metadata }: Item, source: number, reason: string | undefined): void {
    const extra = toolCalls.length === 1 ? extraContentOf(metadata) : undefined;
    for (const { id, name, arguments: given } of toolCalls) {
      // A call without arguments has none of them, or an empty object.
      const args = given.trim() === "" ? "{}" : given;
      if (reason === "call_without_output" || this.#open.has(id)) {
        this.#count("call_left_out");
      } else if (reason !== undefined || !this.#takesCall(args) || this.#items.length === 0) {
        this.#count("tools_as_text");
        this.#addAnswer(`I called the tool ${name} with ${args}`, source);
      } else {
        this.#open.add(id);
        const call = { type: "function_call", callId: id, name, arguments: args } as const;
        this.#push({ ...call, ...(extra && { extra }) }, source);
      }
    }
  }

  #takesCall(args: string): boolean {
    if (this.#lacks.includes("tools")) return false;
    return !this.#lacks.includes("loose_arguments") || isJsonObject(args);
  }

  addOutput({ content, parts: stored, toolCallId }: Item, source: number, hasCall: boolean): void {
    const [first] = this.#open;
    const callId = toolCallId ?? first;
    const parts = this.#partsOf(stored, "output_images");
    const message = parts === undefined ? { content } : contentOf(parts);
    if (hasCall && callId !== undefined && this.#open.delete(callId)) {
      this.#items.push({ ...message, type: "function_call_output", callId, sources: [source] });
      if (this.#open.size === 0) for (const waiting of this.#waiting.splice(0)) this.#add(...waiting);
      return;
    }
    if (message.content.trim() === "") {
      this.#count("empty_left_out");
      return;
    }
    this.#count("tools_as_text");
    this.#add({ role: "user", content: `Result of a tool:\n${message.content}` }, source);
  }

  /** It is sent with the next item of the answer, if it is sent. */
  addReasoning({ content: text, metadata }: Item, source: number): void {
    const origin = originOf(metadata);
    if (!this.#lacks.includes("bare_answers") || origin === undefined) this.#count("reasoning_removed");
    else this.#reasoning.push([{ text, origin }, source]);
  }

  leaveOut(): void {
    this.#count("unknown_left_out");
  }

  build(): Prompt {
    const changes = [...this.#counts].map(([change, changed]) => ({ change, messages: changed }));
    return { system: this.#systems.join(BREAK), items: this.#items, changes };
  }

  /** An answer without its question is quoted by the user: a conversation begins with the user. */
  #addAnswer(content: string, source: number, phase?: Phase): void {
    if (this.#items.length > 0) {
      this.#add({ role: "assistant", content, ...(phase && { phase }) }, source);
      return;
    }
    this.#count("quoted");
    this.#add({ role: "user", content: `You said before:\n${content}` }, source);
  }

  #add(message: ContextMessage, source: number): void {
    if (this.#open.size > 0) {
      this.#waiting.push([message, source]);
      return;
    }
    const last = this.#items.at(-1);
    if (last?.type !== undefined || last?.role !== message.role || last.phase || message.phase) {
      this.#push(message, source);
      return;
    }
    this.#count("joined");
    const parts =
      last.parts === undefined && message.parts === undefined
        ? undefined
        : [...toParts(last), ...toParts(message)];
    const content = [last.content, message.content].filter((text) => text !== "").join(BREAK);
    this.#items[this.#items.length - 1] = {
      role: last.role,
      content,
      ...(parts && { parts }),
      sources: [...last.sources, source],
    };
  }

  /** Adds an item, with the reasoning before it if it is the model's own. */
  #push(item: ContextItem, source: number): void {
    const waiting = this.#reasoning.splice(0);
    if (item.type === undefined && item.role === "user") {
      for (const _ of waiting) this.#count("reasoning_removed");
      this.#items.push({ ...item, sources: [source] });
      return;
    }
    const joined = waiting.reduce<ReturnType<typeof joinReasoning>>(
      ({ reasoning }, [next]) => joinReasoning(reasoning, next),
      {},
    );
    this.#items.push({ ...item, ...joined, sources: [...waiting.map(([, place]) => place), source] });
  }

  /** The parts that the model can take; undefined where text is all. */
  #partsOf(stored: Item["parts"], images: "images" | "output_images"): readonly ContentPart[] | undefined {
    const found = readParts(stored);
    if (found === undefined) return undefined;
    for (let n = 0; n < found.unknown; n++) this.#count("unknown_left_out");
    return found.parts.map((part) => {
      if (part.type === "image" && (this.#lacks.includes("images") || this.#lacks.includes(images)))
        return this.#replace(part, "images_left_out");
      if (part.type === "file" && this.#lacks.includes("files")) return this.#replace(part, "files_left_out");
      return part;
    });
  }

  #replace(part: ImagePart | FilePart, change: "images_left_out" | "files_left_out"): ContentPart {
    this.#count(change);
    const what = part.type === "image" ? "An image" : `The file ${part.name}`;
    return { type: "text", text: `(${what} was here, which this model cannot read.)` };
  }

  #count(change: PromptChange["change"]): void {
    this.#counts.set(change, (this.#counts.get(change) ?? 0) + 1);
  }
}

/** The text of parts; and they themselves, unless all of them are text. */
function contentOf(parts: readonly ContentPart[]): Pick<ContextMessage, "content" | "parts"> {
  const content = textOf(parts);
  const isText = parts.every(({ type }) => type === "text");
  return { content, ...(!isText && { parts }) };
}

const toParts = ({ content, parts }: ContextMessage): readonly ContentPart[] =>
  parts ?? (content === "" ? [] : [{ type: "text", text: content }]);

function isJsonObject(text: string): boolean {
  try {
    return isFields(JSON.parse(text));
  } catch {
    return false;
  }
}
