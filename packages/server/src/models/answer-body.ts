import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceParser } from "eventsource-parser";
import { isFields } from "../fields.ts";
import { EventParser } from "./event-parser.ts";
import type { BodyReader } from "./http-exchange.ts";
import { providerFailure } from "./provider-failure.ts";
import { parseOrNull } from "./wire-json.ts";

/** Reads one answer, whichever way it is sent. What it throws fails the exchange. */
export interface AnswerReader<Result> {
  /**
   * Takes the next event's value, which may be anything, and may change with the next event. Returns a result if nothing
   * that matters can follow.
   */
  event(value: unknown): Result | undefined;
  /** Takes the mark `[DONE]`. */
  done(): Result | undefined;
  /** Takes an answer that was not streamed. */
  whole(body: unknown): Result;
  /** The stream is over without such a result. */
  end(): Result;
  /** True once the model has said how its answer ended: more may follow, but need not. */
  readonly ended: boolean;
  /** All of a packet was read, or as much of it as there can be. */
  packetEnd(): void;
}

/** Longer than any event or answer, and short enough to keep. */
const MAX_CHARS = 16 * 1024 * 1024;

/**
 * Reads the body of an answer. What it is, is decided by its first character and not by its content type: gateways
 * send streams as text/plain or application/json, and whole answers and errors where a stream was asked for.
 */
export class AnswerBodyReader<Result> implements BodyReader<Result> {
  /** Undefined while no packet has ended within a character: hardly any does. */
  #decoder: StringDecoder | undefined;
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
    try {
      return this.#push(this.#decode(bytes));
    } finally {
      this.#reader.packetEnd();
    }
  }

  end(): Result {
    try {
      const result = this.#push(this.#decoder?.end() ?? "");
      return result ?? this.#body?.end() ?? this.#reader.end();
    } finally {
      this.#reader.packetEnd();
    }
  }

  #decode(bytes: Buffer): string {
    if (this.#decoder === undefined && (bytes.at(-1) ?? 0) < 0x80) return bytes.toString();
    this.#decoder ??= new StringDecoder("utf8");
    return this.#decoder.write(bytes);
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

/** Gives a reader the events of an answer. */
class Events<Result> {
  readonly #reader: AnswerReader<Result>;
  readonly #parser = new EventParser();
  /** The last text among the events that may be a reason for an early end. */
  #words = "";

  constructor(reader: AnswerReader<Result>) {
    this.#reader = reader;
  }

  take(data: string, name?: string): Result | undefined {
    const text = data.trim();
    if (text === "" || text === "null") return undefined;
    if (text.length <= "[DONE]".length && /^\[?done\]?$/i.test(text)) return this.#reader.done();
    const value = this.#parser.parse(text);
    if (value !== null) return this.#reader.event(name === "error" ? asError(value) : value);
    // Some servers leave out the empty lines between their events. Some frameworks make events of what is one already.
    if (text.includes("\n") || text.startsWith("data:")) return this.takeLines(text);
    if (BROKEN_JSON.test(text)) throw providerFailure("provider_failed");
    if (name === "error") return this.#reader.event({ error: text });
    if (!NO_REASON.test(text)) this.#words = text;
    return undefined;
  }

  takeLines(text: string): Result | undefined {
    for (const line of text.split("\n")) {
      const result = this.takeLine(line);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /** Takes a line that is no field of an event, or is not known to be one. */
  takeLine(line: string): Result | undefined {
    // llama.cpp has errors in a field of their own.
    const [, field, data = ""] = /^\s*(?:(data|error):)?(.*)$/s.exec(line) ?? [];
    return this.take(data, field);
  }

  end(): Result {
    try {
      return this.#reader.end();
    } catch (error) {
      if (this.#words === "") throw error;
      return this.#reader.whole({ error: this.#words });
    }
  }
}

/** Keep-alives of servers that send them as data, and pages. */
const NO_REASON =
  /^[:<]|^(?:(?:openrouter|still) )?(?:ping|heart-?beat|keep-?alive|processing)\P{L}*$|^\P{L}+$/iu;

/** A piece of the answer that cannot be read. A line of a log, such as `[INFO] queue: 3`, is no piece. */
const BROKEN_JSON = /^(?:\{|\[\s*(?:[{"]|$))/;

const asError = (value: unknown): unknown => (isFields(value) && value.error ? value : { error: value });

/** Server-sent events, however the packets cut them. */
class EventStream<Result> {
  readonly #events: Events<Result>;
  readonly #parser: EventSourceParser;
  #result: Result | undefined;
  /** The beginning of the next line: the parser forgets one that is no field of an event. */
  #rest = "";

  constructor(reader: AnswerReader<Result>, signal: AbortSignal) {
    this.#events = new Events(reader);
    const take = (event: () => Result | undefined): void => {
      if (this.#result === undefined && !signal.aborted) this.#result = event();
    };
    this.#parser = createParser({
      maxBufferSize: MAX_CHARS,
      onEvent: ({ data, event }) => take(() => this.#events.take(data, event)),
      onError: ({ type, line = "" }) => {
        if (type === "max-buffer-size-exceeded") throw providerFailure("provider_failed");
        take(() => this.#events.takeLine(line));
      },
    });
  }

  push(text: string): Result | undefined {
    const end = text.lastIndexOf("\n") + 1;
    const lines = end === 0 ? "" : this.#rest + text.slice(0, end);
    this.#rest = end === 0 ? this.#rest + text : text.slice(end);
    if (this.#rest.length > MAX_CHARS) throw providerFailure("provider_failed");
    if (lines !== "") this.#parser.feed(lines);
    return this.#result;
  }

  end(): Result {
    // Some servers leave out the empty line after their last event.
    return this.push("\n\n") ?? this.#events.end();
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
    if (body !== null && !Array.isArray(body)) return this.#reader.whole(body);
    const events = new Events(this.#reader);
    // A stream of events may follow an object that is not part of it.
    if (body === null) return events.takeLines(text) ?? events.end();
    for (const value of body) {
      const result = this.#reader.event(value);
      if (result !== undefined) return result;
    }
    return events.end();
  }
}
