import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { BodyReader } from "./http-exchange.ts";
import { providerFailure } from "./provider-failure.ts";
import { parseOrNull } from "./wire-json.ts";

/** Reads one answer, whichever way it is sent. What it throws fails the exchange. */
export interface AnswerReader<Result> {
  /** Takes the next event's data; returns a result if nothing that matters can follow. */
  event(data: string, name: string | undefined): Result | undefined;
  /** Takes an answer that was not streamed. */
  whole(body: unknown): Result;
  /** The stream is over without such a result. */
  end(): Result;
  /** True once the model has said how its answer ended: more may follow, but need not. */
  readonly ended: boolean;
  /** Something arrived, whatever it is. */
  alive(): void;
}

/** Longer than any event or answer, and short enough to keep. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * Reads the body of an answer. What it is, is decided by its first character and not by its content type: gateways
 * send streams as text/plain or application/json, and whole answers and errors where a stream was asked for.
 */
export class AnswerBodyReader<Result> implements BodyReader<Result> {
  readonly #decoder = new StringDecoder("utf8");
  readonly #reader: AnswerReader<Result>;
  readonly #signal: AbortSignal;
  #body: EventStream<Result> | JsonText<Result> | undefined;

  /** @param signal a sink may abort in the middle of a packet, whose other events then are not read */
  constructor(reader: AnswerReader<Result>, signal: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
  }

  get ended(): boolean {
    return this.#reader.ended;
  }

  chunk(bytes: Buffer): Result | undefined {
    this.#reader.alive();
    return this.#push(this.#decoder.write(bytes));
  }

  end(): Result {
    const result = this.#push(this.#decoder.end());
    return result ?? this.#body?.end() ?? this.#reader.end();
  }

  #push(text: string): Result | undefined {
    if (this.#body === undefined) {
      const start = text.replace(/^[\uFEFF\s]+/, "");
      if (start === "") return undefined;
      this.#body = this.#bodyThatStartsWith(start);
      return this.#body.push(start);
    }
    return this.#body.push(text);
  }

  #bodyThatStartsWith(text: string): EventStream<Result> | JsonText<Result> {
    if (text.startsWith("{") || text.startsWith("[")) return new JsonText(this.#reader);
    // A page of a proxy, say, that answers everything with 200.
    if (text.startsWith("<")) throw providerFailure("provider_failed", { noSuchApi: true });
    return new EventStream(this.#reader, this.#signal);
  }
}

/** Server-sent events, however the packets cut them. */
class EventStream<Result> {
  readonly #reader: AnswerReader<Result>;
  readonly #parser: EventSourceParser;
  #result: Result | undefined;
  /** Characters of other lines: a body without a single event is some text. */
  #other = "";
  #events = 0;

  constructor(reader: AnswerReader<Result>, signal: AbortSignal) {
    this.#reader = reader;
    this.#parser = createParser({
      maxBufferSize: MAX_CHARS,
      onEvent: ({ data, event }) => {
        this.#events += 1;
        if (this.#result === undefined && !signal.aborted) this.#result = reader.event(data, event);
      },
      onError: (error) => {
        // Unknown fields are ignored, as the standard says.
        if (error.type === "max-buffer-size-exceeded") throw providerFailure("provider_failed");
        if (this.#other.length < 300) this.#other += `${error.line ?? ""}\n`;
      },
    });
  }

  push(text: string): Result | undefined {
    this.#parser.feed(text);
    return this.#result;
  }

  end(): Result {
    // Some servers leave out the empty line after their last event.
    this.push("\n\n");
    if (this.#result !== undefined) return this.#result;
    const other = this.#other.trim();
    if (this.#events === 0 && other !== "") return this.#reader.whole({ error: other });
    return this.#reader.end();
  }
}

/** One JSON value, or one on each line, which is read like the events of a stream. */
class JsonText<Result> {
  readonly #reader: AnswerReader<Result>;
  readonly #texts: string[] = [];
  #length = 0;

  constructor(reader: AnswerReader<Result>) {
    this.#reader = reader;
  }

  push(text: string): undefined {
    this.#length += text.length;
    if (this.#length > MAX_CHARS) throw providerFailure("provider_failed");
    this.#texts.push(text);
  }

  end(): Result {
    const text = this.#texts.join("");
    const body = parseOrNull(text);
    if (body !== null) return this.#reader.whole(body);
    for (const line of text.split("\n")) {
      // A stream of events may follow an object that is not part of it.
      const data = line.trim().replace(/^data:\s*/, "");
      const result = data === "" ? undefined : this.#reader.event(data, undefined);
      if (result !== undefined) return result;
    }
    return this.#reader.end();
  }
}
