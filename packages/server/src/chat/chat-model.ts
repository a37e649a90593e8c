import type { ModelInfo, ProviderId, Usage } from "@redis-memory-magic/protocol";

/** One message of a context. The system prompt stands apart: each provider has its own place for it. */
export interface ContextMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content: string;
}

export interface ModelRequest {
  readonly model: string;
  /** Empty: none is sent. */
  readonly system: string;
  /** Oldest first; the last one is the user's current message. */
  readonly messages: readonly ContextMessage[];
  /** The window that the context was made for, in tokens: a provider that can is told to allocate it. */
  readonly contextWindow: number;
}

/** Where an answer goes as it comes. Called synchronously, in order, never after `generate` has settled. */
export interface AnswerSink {
  text(piece: string): void;
  /** The model reasons: no text yet, but it is alive. */
  thinking(): void;
}

export interface Completion {
  readonly usage: Usage | null;
  /** `length`: the answer was cut at the model's limit. */
  readonly finishReason: "stop" | "length" | "content_filter";
}

export interface Availability {
  readonly available: boolean;
  /** Why not, and what to do: sentences for people. */
  readonly reason?: string;
  readonly action?: string;
  /** A download that is under way. */
  readonly progress?: { readonly receivedBytes: number; readonly totalBytes: number };
  readonly models: readonly ModelInfo[];
}

/** The request as it goes over the wire, for people to see: never with a key in it. */
export interface WireRequest {
  readonly method: "POST";
  readonly url: string;
  readonly body: unknown;
}

/**
 * The port to a provider. One contract suite (`models/chat-model.contract.ts`) holds all of its adapters.
 */
export interface ChatModel {
  readonly id: ProviderId;
  /** As people see it: `Cloud (ChatGPT)`. */
  readonly name: string;
  /** Asked unless a request names another; may change when its availability is asked for. */
  readonly defaultModel: string;

  /** Never rejects and settles within seconds: what cannot be reached is not available. Not cached here. */
  availability(): Promise<Availability>;

  /**
   * Asks the model. Text goes to the sink as it comes; resolves when the answer is whole.
   * Rejects with an `AppError` (a `provider_…` code), or with `signal.reason` when aborted: then at once,
   * and the work upstream ends too.
   */
  generate(request: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<Completion>;

  /** Exactly what `generate` sends; null where nothing crosses a wire. */
  wireRequest(request: ModelRequest): WireRequest | null;

  /** Tokens of each text by the model's own tokenizer. Absent: no tokenizer is at hand, they are estimated. */
  countTokens?(model: string, texts: readonly string[]): number[] | Promise<number[]>;

  /** Fetches what is missing, where that can be done. Called when somebody wants this provider; never rejects. */
  prepare?(): Promise<void>;

  /** Ends what it started (child processes, connections, downloads). */
  close(): Promise<void>;
}
