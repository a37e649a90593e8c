import { createParser } from "eventsource-parser";

/** The body of `POST /chat`. */
export interface ChatRequest {
  readonly message: string;
  readonly mode: "stateless" | "stateful";
  readonly provider: "chatgpt" | "mirror" | "ollama";
  readonly session_id: string;
}

/** A stateful turn of the fake OpenAI server. */
export const chatRequest = (session_id: string, message: string): ChatRequest => ({
  message,
  mode: "stateful",
  provider: "chatgpt",
  session_id,
});

export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly text?: string; readonly response?: string };
}

/** Marks that count one position each, as the starts and ends of items do. */
export const ITEM_STARTED = "\u2402";
export const ITEM_DONE = "\u2403";

export function transcriptOf({ event, data }: StreamEvent): string {
  if (event === "item-started") return ITEM_STARTED;
  return event === "item-done" ? ITEM_DONE : (data.text ?? "");
}

/** A client that reads a turn's events and keeps everything that it was shown. */
export class TurnStream {
  readonly sessionId: string;
  /** The user's message; empty for a stream that resumes. */
  readonly message: string;
  readonly events: StreamEvent[] = [];
  /** The HTTP status, or 0 if no response came. */
  status = 0;
  /** The body of a response that is not an event stream. */
  problem: Record<string, unknown> | undefined;
  retryAfter: string | null = null;
  /** Resolves when nothing more will come: the stream has ended, was cut off, or there was none. */
  readonly closed: Promise<void>;
  readonly #disconnected = new AbortController();
  readonly #waiting = new Set<() => void>();

  private constructor(sessionId: string, message: string, request: Request) {
    this.sessionId = sessionId;
    this.message = message;
    this.closed = this.#read(request).catch(() => {
      // The connection was cut. What was received before that is kept.
    });
  }

  static ask(base: string, body: ChatRequest, headers: Record<string, string> = {}): TurnStream {
    return new TurnStream(
      body.session_id,
      body.message,
      new Request(`${base}/chat`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream", ...headers },
        body: JSON.stringify(body),
      }),
    );
  }

  static resume(base: string, sessionId: string, turnId: string, lastEventId?: string): TurnStream {
    const url = `${base}/sessions/${encodeURIComponent(sessionId)}/turns/${turnId}/events`;
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    return new TurnStream(sessionId, "", new Request(url, { headers }));
  }

  /** All text of the answer that was shown. */
  get text(): string {
    return this.events.map(({ event, data }) => (event === "text-delta" ? (data.text ?? "") : "")).join("");
  }

  /** All output that was shown: text of every kind, with marks for the starts and ends of items. */
  get transcript(): string {
    return this.events.map(transcriptOf).join("");
  }

  get turnId(): string | undefined {
    return this.events[0]?.data.turn_id as string | undefined;
  }

  /** The event that ended the turn, if one came. */
  get end(): StreamEvent | undefined {
    return this.events.find(({ id }) => id.endsWith(".end"));
  }

  /** Resolves when this many events were received, or no more will come. */
  async received(events: number): Promise<void> {
    while (this.events.length < events) {
      const more = new Promise<"more">((resolve) => this.#waiting.add(() => resolve("more")));
      if ((await Promise.race([more, this.closed])) !== "more") return;
    }
  }

  disconnect(): void {
    this.#disconnected.abort();
  }

  async #read(request: Request): Promise<void> {
    const response = await fetch(request, { signal: this.#disconnected.signal });
    this.status = response.status;
    this.retryAfter = response.headers.get("retry-after");
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const text = await response.text();
      this.problem = text === "" ? {} : JSON.parse(text);
      return;
    }
    const parser = createParser({
      onEvent: ({ event = "", id = "", data }) => {
        this.events.push({ event, id, data: JSON.parse(data) });
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      for (const notify of this.#waiting) notify();
      this.#waiting.clear();
    }
  }
}
