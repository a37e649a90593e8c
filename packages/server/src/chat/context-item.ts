import { isFields } from "../fields.ts";
import type { ExtraContent } from "./extra-content.ts";

/** A piece of content. */
export type ContentPart = TextPart | ImagePart | FilePart;

export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

export interface ImagePart {
  readonly type: "image";
  /** `data:`, `https:`, or `blob:` and a blob's id, until its data is needed. */
  readonly url: string;
  readonly detail?: "auto" | "low" | "high";
  /** In pixels, where they are known. */
  readonly width?: number;
  readonly height?: number;
}

export interface FilePart {
  readonly type: "file";
  readonly name: string;
  /** As of an image. */
  readonly url: string;
}

/** How OpenAI's models label their messages: what they say while they work, and the answer itself. */
const PHASES = ["commentary", "final_answer"] as const;
export type Phase = (typeof PHASES)[number];

/** The phase among a message's metadata, if it has one. */
export const phaseOf = (metadata: unknown): Phase | undefined =>
  PHASES.find((phase) => isFields(metadata) && metadata.phase === phase);

/** One message that a model is sent. The system prompt stands apart: each provider has its own place for it. */
export interface ContextMessage {
  readonly type?: undefined;
  readonly role: "user" | "assistant";
  /** All of its text. */
  readonly content: string;
  /** Absent where the text is all. Only the user's messages have them. */
  readonly parts?: readonly ContentPart[];
  /** Only the model's messages have one. */
  readonly phase?: Phase;
  readonly reasoning?: Reasoning;
}

/** What a model thought before an item of its answer, for the servers that want it back. */
export interface Reasoning {
  readonly text: string;
  /** The server that it came from: see `ChatModel.origin`. */
  readonly origin: string;
}

/** A call of a tool that a model asked for. */
export interface FunctionCall {
  readonly type: "function_call";
  readonly callId: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
  /** Not counted: what it is worth in tokens is known to its server only. */
  readonly extra?: ExtraContent;
  readonly reasoning?: Reasoning;
}

export interface FunctionCallOutput {
  readonly type: "function_call_output";
  readonly callId: string;
  /** All of its text. */
  readonly content: string;
  /** Absent where the text is all. */
  readonly parts?: readonly ContentPart[];
}

/** One entry of what a model is sent. Calls are followed by their outputs. */
export type ContextItem = ContextMessage | FunctionCall | FunctionCallOutput;

/** Between two messages that were joined. */
export const BREAK = "\n\n";

/** The items for a model whose messages have no phases: those that stand one behind the other are joined. */
export function joinAnswers(items: readonly ContextItem[]): ContextItem[] {
  const joined: ContextItem[] = [];
  for (const item of items) {
    const last = joined.at(-1);
    if (!isAnswer(item)) {
      joined.push(item);
    } else {
      const { role, content, reasoning } = item;
      if (last === undefined || !isAnswer(last))
        joined.push({ role, content, ...(reasoning && { reasoning }) });
      else
        joined[joined.length - 1] = {
          ...{ role, content: last.content + BREAK + content },
          ...joinReasoning(last.reasoning, reasoning),
        };
    }
  }
  return joined;
}

/** The reasoning of items that become one; where it came from two servers, the last one's. */
export function joinReasoning(first?: Reasoning, second?: Reasoning): { readonly reasoning?: Reasoning } {
  const reasoning = second ?? first;
  if (reasoning === undefined) return {};
  const isOne = first !== undefined && first !== reasoning && first.origin === reasoning.origin;
  return { reasoning: isOne ? { ...reasoning, text: first.text + BREAK + reasoning.text } : reasoning };
}

const isAnswer = (item: ContextItem): item is ContextMessage =>
  item.type === undefined && item.role === "assistant";

/** The text of parts, as people read it. */
export const textOf = (parts: readonly ContentPart[]): string =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(BREAK);

/** A text, or what is needed where there is more than text. */
export const contentOf = <Part>(
  { content, parts }: Pick<ContextMessage | FunctionCallOutput, "content" | "parts">,
  map: (part: ContentPart) => Part,
): string | Part[] => parts?.map(map) ?? content;
