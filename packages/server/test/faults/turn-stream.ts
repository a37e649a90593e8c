import { createParser } from "eventsource-parser";

/** What a client asks. */
export interface Asking {
  readonly message: string;
  readonly mode: "stateless" | "stateful";
  readonly provider: "chatgpt" | "mirror" | "ollama";
  readonly session_id: string;
}

interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly text?: string; readonly response?: string };
}

/** A client that reads a turn's events, and remembers all that it was shown. */
export class TurnStream {
  readonly sessionId: string;
  /** What was asked; empty for one that follows. */
  readonly question: string;
  readonly events: StreamEvent[] = [];
  /** The HTTP status; 0: no answer came. */
  status = 0;
  /** The body of an answer that is no stream. */
  problem: Record<string, unknown> | undefined;
  retryAfter: string | null = null;
  /** Settles when nothing more comes: the stream has ended, was cut, or there was none. */
  readonly over: Promise<void>;
  readonly #left = new AbortController();
  readonly #waiting = new Set<() => void>();

  private constructor(sessionId: string, question: string, request: Request) {
    this.sessionId = sessionId;
    this.question = question;
    this.over = this.#read(request).catch(() => {
      // Cut: what was shown until then counts.
    });
  }

  static ask(base: string, body: Asking, headers: Record<string, string> = {}): TurnStream {
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

  /** All the text that was shown. */
  get text(): string {
    return this.events.map(({ data }) => data.text ?? "").join("");
  }

  get turnId(): string | undefined {
    return this.events[0]?.data.turn_id as string | undefined;
  }

  /** The event that told how the turn ended, when there was one. */
  get end(): StreamEvent | undefined {
    return this.events.find(({ id }) => id.endsWith(".end"));
  }

  /** Resolves when so many events are there, or no more will come. */
  async seen(events: number): Promise<void> {
    while (this.events.length < events) {
      const more = new Promise<"more">((resolve) => this.#waiting.add(() => resolve("more")));
      if ((await Promise.race([more, this.over])) !== "more") return;
    }
  }

  leave(): void {
    this.#left.abort();
  }

  async #read(request: Request): Promise<void> {
    const response = await fetch(request, { signal: this.#left.signal });
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
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    }
  }
}
