import { availableParallelism } from "node:os";
import type { ContextMessage } from "../../../chat/context-item.ts";
import type {
  Chat,
  ChatWrapper,
  Context,
  HistoryItem,
  LlamaCpp,
  Model,
  Sequence,
  Token,
} from "./llama-cpp.ts";
import type { AnswerRequest, AnswerResult } from "./protocol.ts";

/**
 * One core is left to the server, the browser and the rest, because these threads wait for each other busily:
 * with more of them than free cores each wait lasts until the scheduler's next turn. On 2 cores, tokens a
 * second of the default model, alone / beside two other busy programs: 1 thread 40 / 17, 2 threads 50 / 3.
 */
const THREADS = Math.max(1, availableParallelism() - 1);
const MAX_OUTPUT_TOKENS = 1_024;
const MIN_CONTEXT_TOKENS = 2_048;
/** llama.cpp starts to drop history when a context is filled to the last two tokens. */
const UNUSED_TOKENS = 2;
/** Tokens of a prompt that are evaluated at a time: between two of these it can be cancelled. */
const CHUNK_TOKENS = 128;

/** The context leaves no room for an answer. */
export class ContextTooLong extends Error {
  readonly tokens: number;
  readonly window: number;

  constructor(tokens: number, window: number) {
    super(`The context takes ${tokens} of ${window} tokens.`);
    this.tokens = tokens;
    this.window = window;
  }
}

interface AnswerEvents {
  text(piece: string): void;
  /** The prompt is read or the model reasons: no text, but alive. */
  working(): void;
}

/** A loaded model. One answer at a time. */
export class Engine {
  readonly #llamaCpp: LlamaCpp;
  readonly #model: Model;
  readonly #wrapper: ChatWrapper;
  #open: { readonly context: Context; readonly sequence: Sequence; readonly chat: Chat } | undefined;

  static async load(llamaCpp: LlamaCpp, modelPath: string, onProgress: () => void): Promise<Engine> {
    const llama = await llamaCpp.getLlama({
      // For Macs with Apple silicon there is only the build with Metal.
      gpu: process.platform === "darwin" && process.arch === "arm64" ? "metal" : false,
      build: "never",
      maxThreads: THREADS,
      logLevel: "error",
    });
    const model = await llama.loadModel({ modelPath, onLoadProgress: onProgress });
    const engine = new Engine(llamaCpp, model);
    // The first answer need not wait for it.
    await engine.#openFor(MIN_CONTEXT_TOKENS);
    return engine;
  }

  private constructor(llamaCpp: LlamaCpp, model: Model) {
    this.#llamaCpp = llamaCpp;
    this.#model = model;
    this.#wrapper = llamaCpp.resolveChatWrapper(model);
  }

  countTokens(texts: readonly string[]): number[] {
    return texts.map((text) => this.#model.tokenize(text).length);
  }

  /** Rejects with `ContextTooLong`, or with the signal's reason. */
  async answer(request: AnswerRequest, events: AnswerEvents, signal: AbortSignal): Promise<AnswerResult> {
    const history = toHistory(request);
    const prompt = this.#wrapper
      .generateContextState({ chatHistory: [...history, { type: "model", response: [] }] })
      .contextText.tokenize(this.#model.tokenizer);
    const window = Math.min(request.contextWindow, this.#model.trainContextSize);
    const { temperature = 0, topP, seed, maxOutputTokens = MAX_OUTPUT_TOKENS } = request.settings;
    const maxTokens = Math.min(maxOutputTokens, window - prompt.length - UNUSED_TOKENS);
    // Checked here: left to itself, llama.cpp would drop old messages and say nothing.
    if (maxTokens < 1) throw new ContextTooLong(prompt.length, window);

    const { sequence, chat } = await this.#openFor(prompt.length + maxTokens + UNUSED_TOKENS);
    const cachedTokens = await this.#read(sequence, prompt, events, signal);
    const before = sequence.tokenMeter.usedOutputTokens;
    const { metadata } = await chat.generateResponse(history, {
      temperature,
      ...(topP !== undefined && { topP }),
      ...(seed !== undefined && { seed }),
      maxTokens,
      signal,
      onResponseChunk: ({ type, text }) => (type === "segment" ? events.working() : events.text(text)),
    });
    return {
      finishReason: metadata.stopReason === "maxTokens" ? "length" : "stop",
      inputTokens: prompt.length,
      cachedTokens,
      outputTokens: sequence.tokenMeter.usedOutputTokens - before,
    };
  }

  /**
   * Evaluates a prompt up to its last token, which the answer starts from. What it begins with in common
   * with the conversation before is in memory already. Returns the number of those tokens.
   */
  async #read(
    sequence: Sequence,
    prompt: Token[],
    events: AnswerEvents,
    signal: AbortSignal,
  ): Promise<number> {
    const last = prompt.length - 1;
    await sequence.adaptStateToTokens(prompt.slice(0, last), false);
    const cachedTokens = sequence.nextTokenIndex;
    while (sequence.nextTokenIndex < last) {
      signal.throwIfAborted();
      const start = sequence.nextTokenIndex;
      const chunk = prompt.slice(start, Math.min(start + CHUNK_TOKENS, last));
      await sequence.evaluateWithoutGeneratingNewTokens(chunk);
      events.working();
    }
    return cachedTokens;
  }

  /** A context of at least so many tokens. It takes memory for each (12 kB), so it grows as it is needed. */
  async #openFor(tokens: number) {
    if (this.#open !== undefined && this.#open.context.contextSize >= tokens) return this.#open;
    await this.#open?.context.dispose();
    this.#open = undefined;
    const contextSize = Math.min(
      Math.max(MIN_CONTEXT_TOKENS, 2 ** Math.ceil(Math.log2(tokens))),
      this.#model.trainContextSize,
    );
    const context = await this.#model.createContext({ contextSize, threads: THREADS });
    const sequence = context.getSequence();
    const chat = new this.#llamaCpp.LlamaChat({ contextSequence: sequence, chatWrapper: this.#wrapper });
    this.#open = { context, sequence, chat };
    return this.#open;
  }
}

function toHistory({ system, messages }: AnswerRequest): HistoryItem[] {
  const history = messages.map(toHistoryItem);
  return system === "" ? history : [{ type: "system", text: system }, ...history];
}

const toHistoryItem = ({ role, content }: ContextMessage): HistoryItem =>
  role === "assistant" ? { type: "model", response: [content] } : { type: "user", text: content };
