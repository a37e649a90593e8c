/** The part of node-llama-cpp that is used. It is not installed where this is compiled: see `setup/runtime.ts`. */
export interface LlamaCpp {
  getLlama(options: {
    gpu: false | "metal";
    build: "never";
    maxThreads: number;
    logLevel: "error";
  }): Promise<{ loadModel(options: LoadOptions): Promise<Model> }>;
  resolveChatWrapper(model: Model): ChatWrapper;
  LlamaChat: new (options: { contextSequence: Sequence; chatWrapper: ChatWrapper }) => Chat;
}

interface LoadOptions {
  modelPath: string;
  onLoadProgress(progress: number): void;
}

export type Token = number & { readonly __token: never };

export interface Model {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  tokenize(text: string): Token[];
  createContext(options: { contextSize: number; threads: number }): Promise<Context>;
}

export interface Context {
  readonly contextSize: number;
  getSequence(): Sequence;
  dispose(): Promise<void>;
}

/** The tokens that a context has evaluated, in order. */
export interface Sequence {
  readonly nextTokenIndex: number;
  readonly tokenMeter: { readonly usedOutputTokens: number };
  adaptStateToTokens(tokens: Token[], allowShift: boolean): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: Token[]): Promise<void>;
}

export type HistoryItem =
  | { type: "system"; text: string }
  | { type: "user"; text: string }
  | { type: "model"; response: string[] };

/** How a model wants a conversation written. */
export interface ChatWrapper {
  generateContextState(options: { chatHistory: HistoryItem[] }): {
    contextText: { tokenize(tokenizer: unknown): Token[] };
  };
}

export interface Chat {
  generateResponse(
    history: HistoryItem[],
    options: {
      temperature: number;
      topP?: number;
      seed?: number;
      maxTokens: number;
      signal: AbortSignal;
      onResponseChunk(chunk: { type: "segment" | undefined; text: string }): void;
    },
  ): Promise<{ metadata: { stopReason: string } }>;
}
