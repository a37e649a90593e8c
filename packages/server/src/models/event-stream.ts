import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { BodyReader } from "./http-exchange.ts";
import { ProviderFailure } from "./provider-failure.ts";

/** Makes something of the events of one stream. What it throws fails the exchange. */
export interface EventReader<Result> {
  /** The data of the next event; a result when it was the last one that matters. */
  event(data: string): Result | undefined;
  /** The stream is over without such a result. */
  end(): Result;
}

/** Longer than any event of an answer, short enough to keep. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

/** Reads server-sent events, however the packets cut them; all events of a packet are read before it returns. */
export class EventStreamReader<Result> implements BodyReader<Result> {
  readonly #decoder = new StringDecoder("utf8");
  readonly #parser: EventSourceParser;
  readonly #reader: EventReader<Result>;
  #result: Result | undefined;

  /** `signal`: a sink may abort in the middle of a packet, whose other events then are not read. */
  constructor(reader: EventReader<Result>, signal: AbortSignal) {
    this.#reader = reader;
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onEvent: ({ data }) => {
        if (this.#result === undefined && !signal.aborted) this.#result = reader.event(data);
      },
      onError: (error) => {
        // Fields that nobody knows are passed over, as the standard says.
        if (error.type === "max-buffer-size-exceeded") throw new ProviderFailure("provider_failed");
      },
    });
  }

  chunk(bytes: Buffer): Result | undefined {
    this.#parser.feed(this.#decoder.write(bytes));
    return this.#result;
  }

  end(): Result {
    // Some servers leave out the empty line after their last event.
    this.#parser.feed(`${this.#decoder.end()}\n\n`);
    return this.#result ?? this.#reader.end();
  }
}
