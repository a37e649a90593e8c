import type { UIMessageChunk } from "ai";
import { parseStored } from "../../stored-json.ts";
import type { TurnWriter } from "../../turns/turn-writer.ts";

/** The type of an item that holds chunks of a UI message stream, one in each line. */
export const CHUNKS = "ui_message_chunks";

// A turn has 1,000 items at most.
const MAX_TEXTS = 400;

/**
 * Writes the chunks of a UI message stream to a turn: pieces of text as the text of a message, so that it can be read
 * without the AI SDK even if its writer dies, and all else as lines of JSON.
 */
export class ChunkWriter {
  readonly #writer: TurnWriter;
  #kind: "text" | "chunks" | undefined;
  #textId: string | undefined;
  #texts = 0;

  constructor(writer: TurnWriter) {
    this.#writer = writer;
  }

  write(chunk: UIMessageChunk): void {
    const isText = chunk.type === "text-delta" && chunk.id === this.#textId && !chunk.providerMetadata;
    if (isText && (this.#kind === "text" || this.#texts < MAX_TEXTS)) {
      if (this.#kind !== "text") this.#texts++;
      this.#start("text");
      this.#writer.write(chunk.delta);
      return;
    }
    if (chunk.type === "text-start") this.#textId = chunk.id;
    this.#start("chunks");
    this.#writer.write(`${JSON.stringify(chunk)}\n`);
  }

  #start(kind: "text" | "chunks"): void {
    if (kind !== this.#kind)
      this.#writer.startItem(kind === "text" ? { role: "assistant" } : { type: CHUNKS });
    this.#kind = kind;
  }
}

/** Reads what a `ChunkWriter` has written, in pieces of any length. */
export class ChunkReader {
  #line = "";
  #textId = "";

  /** Reads text of a message. */
  text(delta: string): UIMessageChunk[] {
    return [{ type: "text-delta", id: this.#textId, delta }];
  }

  /** Reads lines of chunks. One that is not whole yet waits for its end. @throws MemoryError `damaged` */
  lines(text: string): UIMessageChunk[] {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    const chunks = lines.map((line) => parseStored<UIMessageChunk>(line, isChunk));
    for (const chunk of chunks) if (chunk.type === "text-start") this.#textId = chunk.id;
    return chunks;
  }
}

const isChunk = (value: unknown): boolean => typeof (value as UIMessageChunk | null)?.type === "string";
