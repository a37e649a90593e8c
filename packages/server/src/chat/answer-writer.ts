import { randomBytes } from "node:crypto";
import type { Json, TurnWriter } from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";
import type { Fields } from "../fields.ts";
import type { TurnPermit } from "./caller.ts";
import type { AnswerSink, ToolCallPiece } from "./chat-model.ts";
import type { Phase } from "./context-item.ts";
import { excessOf } from "./extra-content.ts";

interface PendingCall {
  readonly index: number;
  id: string;
  name: string;
  arguments: string;
  extraContent: Fields<Json> | undefined;
}

/** Fewer than a turn can have. */
const MAX_ITEMS = 500;

type Current = "nothing" | "text" | "reasoning" | { readonly call: number };

/**
 * Writes an answer as items of its turn, in the order in which they come. One item is written at a time: of calls that
 * come mixed with each other, the first is written as it comes, and the others when it is complete.
 */
export class AnswerWriter implements Omit<AnswerSink, "alive"> {
  readonly #writer: TurnWriter;
  readonly #permit: TurnPermit;
  #current: Current = "nothing";
  /** Blanks before a message: they belong to it if more follows. */
  #blank = "";
  /** Absent for a message that is one with the text before it. */
  #message: { readonly phase: Phase | undefined } | undefined;
  // Arrays: every running turn has these, and an empty Map takes ten times the memory.
  #pending: PendingCall[] = [];
  readonly #ids: string[] = [];
  #items = 0;
  readonly #origin: string | undefined;

  /** @param origin of the model that answers */
  constructor(writer: TurnWriter, permit: TurnPermit, origin?: string) {
    this.#writer = writer;
    this.#permit = permit;
    this.#origin = origin;
  }

  message(phase: Phase | undefined): void {
    this.#finish();
    this.#blank = "";
    this.#message = { phase };
  }

  text(piece: string): void {
    if (this.#current !== "text") {
      this.#blank += piece;
      if (this.#blank.trim() === "") return;
      piece = this.#current === "nothing" ? this.#blank : this.#blank.trimStart();
      this.#blank = "";
      this.#finish();
      this.#countItem();
      this.#startMessage();
      this.#current = "text";
    }
    this.#write(piece);
  }

  reasoning(piece: string): void {
    if (piece === "") return;
    if (this.#current !== "reasoning") {
      this.#finish();
      this.#countItem();
      const metadata = this.#origin && { metadata: { origin: this.#origin } };
      this.#writer.startItem({ type: "reasoning", ...metadata });
      this.#current = "reasoning";
    }
    this.#write(piece);
  }

  toolCall({ index, id, name, arguments: args, extraContent }: ToolCallPiece): void {
    if (typeof this.#current === "object" && this.#current.call === index) {
      this.#write(args);
      return;
    }
    let call = this.#pending.find((pending) => pending.index === index);
    if (call === undefined) {
      this.#countItem();
      call = { index, id: "", name: "", arguments: "", extraContent: undefined };
      this.#pending.push(call);
    }
    call.id ||= id?.toWellFormed() ?? "";
    call.name ||= name?.toWellFormed() ?? "";
    call.arguments += args;
    call.extraContent ??= extraContent;
    // The first call can be shown as it comes.
    if (typeof this.#current === "object" || call.name === "") return;
    this.#finish();
    this.#start(call);
  }

  ending(): void {
    this.#writer.hold();
  }

  /** Finishes the current item, and writes the calls that have been waiting for another one, or for their name. */
  end(): void {
    this.#finishItem();
    this.#writePending();
  }

  /** Where no message was announced, the text itself begins one. */
  #startMessage(): void {
    if (this.#message === undefined) return;
    const { phase } = this.#message;
    this.#writer.startItem({ role: "assistant", ...(phase && { metadata: { phase } }) });
  }

  #start({ index, id, name, arguments: args, extraContent }: PendingCall): void {
    this.#pending = this.#pending.filter((pending) => pending.index !== index);
    this.#writer.startItem({
      type: "function_call",
      toolCall: { id: this.#ownId(id), name },
      ...(extraContent && this.#origin && { metadata: this.#checked(extraContent, this.#origin) }),
    });
    this.#current = { call: index };
    this.#write(args);
  }

  /** Finishes the current item; the calls that waited for it are written. */
  #finish(): void {
    const wasCall = typeof this.#current === "object";
    this.#finishItem();
    if (wasCall) this.#writePending();
  }

  #writePending(): void {
    for (const call of this.#pending.toSorted((a, b) => a.index - b.index)) {
      this.#start({ ...call, name: call.name || "unnamed" });
      this.#finishItem();
    }
  }

  #finishItem(): void {
    const isPlainText = this.#current === "text" && this.#message === undefined;
    if (this.#current !== "nothing" && !isPlainText) this.#writer.finishItem();
    this.#current = "nothing";
  }

  /** The metadata of a call. One that is left out, or cut, would have the next request refused. */
  #checked(extra_content: Fields<Json>, origin: string): Json {
    const excess = excessOf(extra_content);
    if (excess === undefined) return { extra_content, origin };
    throw new AppError(
      "provider_failed",
      `The extra_content of a tool call ${excess}, which is not kept, and the answer was stopped. Try again, or ` +
        "choose another model.",
    );
  }

  #countItem(): void {
    this.#items += 1;
    if (this.#items <= MAX_ITEMS) return;
    throw new AppError(
      "provider_failed",
      `The model's answer has more than ${MAX_ITEMS} items, and was stopped. Try again, or choose another model.`,
    );
  }

  /** Some servers give no ids, or the same to several calls. */
  #ownId(given: string): string {
    const id = given === "" || this.#ids.includes(given) ? `call_${randomBytes(12).toString("hex")}` : given;
    this.#ids.push(id);
    return id;
  }

  #write(piece: string): void {
    if (piece === "") return;
    this.#writer.write(piece);
    this.#permit.wrote(piece);
  }
}
