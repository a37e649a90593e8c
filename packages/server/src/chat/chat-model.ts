import type { Json } from "@redis-memory-magic/memory";
import type { FinishReason, Lack, ModelInfo, ProviderId, Usage } from "@redis-memory-magic/protocol";
import type { Fields } from "../fields.ts";
import type { ContextItem, Phase } from "./context-item.ts";
import type { ModelSetting, ModelSettings } from "./model-settings.ts";

/** No server runs a chat model with a smaller window. A smaller count is a wrong report, and would refuse every message. */
export const MIN_CONTEXT_WINDOW = 256;

export interface ModelRequest {
  readonly model: string;
  /** Empty: none is sent. */
  readonly system: string;
  /**
   * Oldest first, user and assistant in turn; calls are followed by their outputs. The last one is the user's current
   * message, or the last output of the calls that the model asked for.
   */
  readonly items: readonly ContextItem[];
  readonly settings?: ModelSettings;
  /** The window that the context was made for, in tokens: a provider that can allocates it. */
  readonly contextWindow: number;
  /** Tokens of the whole prompt, as they were counted or estimated. */
  readonly promptTokens: number;
}

/** What a provider does before, or between, its output. */
export type Activity = "thinking" | "loading" | "queued";

/** A piece of a tool call: the first one of each call has the name, the arguments may come in several. */
export interface ToolCallPiece {
  /** The call's position among those of the answer, from 0. */
  readonly index: number;
  readonly id?: string;
  readonly name?: string;
  /** JSON, or a part of it. */
  readonly arguments: string;
  /** What the server wants back with the call; not later than its name. */
  readonly extraContent?: Fields<Json>;
}

/** Where an answer goes as it comes. Called synchronously, in order, never after `generate` has settled. */
export interface AnswerSink {
  /** A message begins, and is not one with the text before it. Not called where all text is one message. */
  message(phase: Phase | undefined): void;
  text(piece: string): void;
  /** What the model thinks; empty if it thinks without saying what. */
  reasoning(piece: string): void;
  toolCall(piece: ToolCallPiece): void;
  /** The answer is whole: what is still to come of it comes now. */
  ending(): void;
  /** The provider works: something arrived, if only a comment. */
  alive(activity?: Activity): void;
}

export interface Completion {
  readonly usage: Usage | null;
  readonly finishReason: FinishReason;
  /** The context window in tokens that the model really had, where that is known after the call. */
  readonly contextWindow?: number;
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

export interface EmbedRequest {
  readonly model: string;
  readonly texts: readonly string[];
  /** How long the vectors are; absent: as the model has them. */
  readonly dimensions?: number;
}

export interface Embeddings {
  /** In the order of the texts. */
  readonly vectors: readonly (readonly number[])[];
  /** Null: the provider did not report them. */
  readonly inputTokens: number | null;
}

export interface SummaryModels {
  isLargeEnough(model: string): boolean;
  /** How many answers the provider writes at once, where `PROVIDER_CONCURRENCY` does not say. */
  readonly concurrency: number;
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
  /** The settings that it has; a request with another one is refused before it is sent. */
  readonly settings: readonly ModelSetting[];
  /** What its API has no place for, whichever the model. */
  readonly lacks: readonly Lack[];
  /** The server that answers; what it adds to a tool call is sent to no other. Absent: it adds nothing. */
  readonly origin?: string;
  /**
   * True if its API takes answers in a tool loop only with the reasoning that came before them. May become true by a
   * call that it refuses. Absent: never.
   */
  needsReasoning?(model: string): boolean;

  /** Never rejects and settles within seconds: what cannot be reached is not available. Not cached here. */
  availability(): Promise<Availability>;

  /**
   * Asks the model. Text goes to the sink as it comes; resolves when the answer is whole. The first text empties the
   * request's list of items, because an answer can take minutes: a request that has been answered is not repeated.
   * Rejects with an `AppError` (a `provider_…` code), or with `signal.reason` when aborted: then at once,
   * and the work upstream ends too.
   */
  generate(request: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<Completion>;

  /** Exactly what `generate` sends; null where nothing crosses a wire. */
  wireRequest(request: ModelRequest): WireRequest | null;

  /** True if both names mean the same model. Absent: names are compared as they are. */
  readonly isSameModel?: ((id: string, name: string) => boolean) | undefined;

  /**
   * Tokens of each text by the model's own tokenizer. Undefined: no tokenizer is at hand, they are estimated; that
   * may change when the availability is asked for. Rejects if the tokens cannot be counted now.
   */
  readonly countTokens?:
    | ((model: string, texts: readonly string[]) => number[] | Promise<number[]>)
    | undefined;

  /** Vectors of texts. Absent: the provider has none. Rejects as `generate` does. */
  readonly embed?: ((request: EmbedRequest, signal: AbortSignal) => Promise<Embeddings>) | undefined;

  /** The models that can be trusted to sum up a conversation. Absent: none of them. */
  readonly summaries?: SummaryModels | undefined;

  /** Fetches missing files, if the provider can. Called when this provider is first requested; never rejects. */
  readonly prepare?: (() => Promise<void>) | undefined;

  /** Ends what it started (child processes, connections, downloads). */
  close(): Promise<void>;
}
