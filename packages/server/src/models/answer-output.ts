import type { FinishReason, Usage } from "@redis-memory-magic/protocol";
import type { AnswerSink, Completion, ToolCallPiece } from "../chat/chat-model.ts";
import type { Phase } from "../chat/context-item.ts";
import { ReasoningTags } from "../chat/reasoning-tags.ts";
import { finishReasonOf } from "./finish-reason.ts";
import { parseOrNull } from "./wire-json.ts";

/**
 * The output of one answer, whatever wire it came over. Passes the pieces on to a sink and derives how the answer
 * ended. What a provider sends may be anything; it is put into these few forms here.
 */
export class AnswerOutput {
  readonly #sink: AnswerSink;
  readonly #tags: ReasoningTags;
  #text = false;
  #refusal = false;
  #toolCall = false;
  /** The last call of each index that the provider has given. */
  #calls: Map<number, KnownCall> | undefined;
  #callCount = 0;
  #pieces = 0;
  #hasContent = false;
  /** Text that came since the last `flush`. */
  #gathered = "";

  /** @param reasoningIsOpen true if the model's chat template opens `<think>` itself */
  constructor(sink: AnswerSink, reasoningIsOpen = false) {
    this.#sink = sink;
    this.#tags = new ReasoningTags(
      {
        text: (piece) => {
          this.#text ||= piece.trim() !== "";
          sink.text(piece);
        },
        reasoning: (piece) => sink.reasoning(piece),
      },
      reasoningIsOpen,
    );
  }

  /** True if the answer closed a `<think>` that it had not opened; known when it is complete. */
  get reasoningWasOpen(): boolean {
    return this.#tags.closedByTemplate;
  }

  /** How many pieces were taken that are not empty. */
  get pieces(): number {
    return this.#pieces;
  }

  /** True if there is more than a reasoning of its own. */
  get hasBegun(): boolean {
    return this.#hasContent || this.#toolCall;
  }

  /** A message begins that is not one with the text before it. */
  message(phase: Phase | undefined): void {
    this.flush();
    this.#tags.end();
    this.#sink.message(phase);
  }

  /**
   * Takes a message's content: a string, or parts, which may be text, refusals or reasoning. Text is passed on by
   * `flush`: a packet may have hundreds of pieces.
   */
  content(content: unknown): void {
    if (typeof content === "string") this.#push(content);
    else for (const part of Array.isArray(content) ? content : [content]) this.#part(part);
  }

  refusal(piece: unknown): void {
    if (typeof piece !== "string" || piece === "") return;
    this.#refusal = true;
    this.#push(piece);
  }

  #push(text: string): void {
    if (text === "") return;
    this.#pieces += 1;
    this.#hasContent ||= text.trim() !== "";
    this.#gathered += text;
  }

  /** Passes the text on that came. */
  flush(): void {
    const text = this.#gathered;
    if (text === "") return;
    this.#gathered = "";
    this.#tags.push(text);
  }

  reasoning(piece: unknown): void {
    const text = reasoningText(piece);
    if (text === null) return;
    this.flush();
    this.#pieces += 1;
    this.#tags.reasonedElsewhere();
    this.#sink.reasoning(text);
  }

  toolCall(piece: ToolCallPiece): void {
    this.flush();
    this.#toolCall = true;
    this.#pieces += 1;
    const known = this.#calls?.get(piece.index);
    const call = known === undefined || isAnotherCall(known, piece) ? this.#newCall(piece) : known;
    call.id ??= piece.id;
    call.name ??= piece.name;
    call.arguments += piece.arguments;
    this.#sink.toolCall({ ...piece, index: call.index });
  }

  #newCall({ index, id, name }: ToolCallPiece): KnownCall {
    const call: KnownCall = { index: this.#callCount++, id, name, arguments: "" };
    this.#calls ??= new Map();
    this.#calls.set(index, call);
    return call;
  }

  /** @param reason what the provider called the end */
  complete(reason: unknown, usage: Usage | null): Completion {
    this.#sink.ending();
    this.flush();
    this.#tags.end();
    const parts = { text: this.#text, refusal: this.#refusal, toolCall: this.#toolCall };
    const finishReason: FinishReason = finishReasonOf(reason, parts);
    return { usage, finishReason };
  }

  #part(part: unknown): void {
    // Some gateways read a piece such as "1" or "true" as JSON.
    if (["string", "number", "boolean"].includes(typeof part)) this.#push(String(part));
    if (typeof part !== "object" || part === null) return;
    const { type, text, refusal, thinking, reasoning } = part as Readonly<Record<string, unknown>>;
    if (refusal !== undefined) this.refusal(refusal);
    else if (type === "thinking" || type === "reasoning") this.reasoning(thinking ?? reasoning ?? text);
    else if (typeof text === "string") this.content(text);
  }
}

interface KnownCall {
  readonly index: number;
  id: string | undefined;
  name: string | undefined;
  arguments: string;
}

/** Some servers give all parallel calls the index 0, and others repeat a call's name with each of its pieces. */
function isAnotherCall(known: KnownCall, { id, name }: ToolCallPiece): boolean {
  if (name === undefined || known.name === undefined) return false;
  if (id !== undefined && known.id !== undefined) return id !== known.id;
  return parseOrNull(known.arguments) !== null;
}

/** The text of what a model thinks; null if there is none. Mistral sends it in parts. */
function reasoningText(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  if (Array.isArray(value)) {
    const texts = value.flatMap((part) => reasoningText(part) ?? []);
    return texts.length > 0 ? texts.join("") : null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { text, summary } = value as Readonly<Record<string, unknown>>;
  return reasoningText(text ?? summary);
}
