import type { ModelInfo } from "@redis-memory-magic/protocol";
import { LRUCache } from "lru-cache";
import type {
  AnswerSink,
  Availability,
  ChatModel,
  Completion,
  Embeddings,
  EmbedRequest,
  ModelRequest,
  WireRequest,
} from "../../chat/chat-model.ts";
import { AppError } from "../../errors/app-error.ts";
import { requestEmbeddings } from "../embeddings.ts";
import { hasNoList, type ListedModel, parseModels } from "../model-list.ts";
import { errorTextOf, explain, failureOfProbe, providerFailure } from "../provider-failure.ts";
import { ProviderHttp } from "../provider-http.ts";
import { ollamaErrorTexts } from "./error-texts.ts";
import { KnownModels } from "./known-models.ts";
import { LoopNeeds } from "./loop-needs.ts";
import { ModelLoader } from "./model-loader.ts";
import { isSameModel } from "./model-names.ts";
import { NativeApi } from "./native-api.ts";
import { OptionalFields } from "./optional-fields.ts";
import { QueuedAnswer } from "./queued-answer.ts";
import { ServerTokenizer } from "./tokenizer.ts";
import { CompletionReader, requestBody } from "./wire.ts";

export interface OllamaConfig {
  readonly baseUrl: string;
  /** Ollama asks for none; others may. Empty: none is sent. */
  readonly apiKey: string;
  /** Undefined: `DEFAULT_MODEL` if the server has it, else the first of its models that can chat. */
  readonly model?: string | undefined;
  readonly temperature?: number | undefined;
  readonly seed?: number | undefined;
}

const DEFAULT_MODEL = "llama3.2:3b";
const PATH = "chat/completions";
const PROBE_TIMEOUT_MS = 4000;
const AFTER_CALL_TIMEOUT_MS = 1000;
/** Smaller models ascribe to one speaker what another said. */
const SUMMARY_BILLIONS = 3;
const FREE = { input: 0, cached_input: 0, output: 0 };
/** Models that something is remembered of: clients choose the names. */
const MODELS = 1000;

/** Chat Completions of Ollama, llama.cpp's server, vLLM, LM Studio and gateways. */
export class Ollama implements ChatModel {
  readonly id = "ollama";
  readonly name = "Local (Ollama)";
  readonly settings = [
    "tools",
    "toolChoice",
    "parallelToolCalls",
    "responseFormat",
    "temperature",
    "topP",
    "seed",
    "maxOutputTokens",
    "stop",
    "reasoningEffort",
  ] as const;
  // Ollama refuses a conversation with arguments that are no object, and models do write such.
  readonly lacks = ["files", "output_images", "loose_arguments"] as const;
  readonly origin: string;
  readonly summaries = {
    isLargeEnough: (model: string) => this.#known.billionsOf(model) >= SUMMARY_BILLIONS,
    concurrency: 1,
  };
  readonly #config: OllamaConfig;
  readonly #http: ProviderHttp;
  readonly #known: KnownModels;
  readonly #loader: ModelLoader;
  readonly #tokenizer: ServerTokenizer;
  readonly #fields = new OptionalFields();
  readonly #needs = new LoopNeeds();
  readonly #errorTexts;
  /** Whether the last answer of a model had a closing `</think>` that its chat template had opened. */
  readonly #reasoningWasOpen = new LRUCache<string, boolean>({ max: MODELS });
  #defaultModel: string;
  readonly #answers = { coming: 0 };

  constructor(config: OllamaConfig) {
    this.#config = config;
    this.#defaultModel = config.model ?? DEFAULT_MODEL;
    this.#http = new ProviderHttp(config);
    this.origin = new URL(this.#http.baseUrl).host;
    const native = new NativeApi(this.#http);
    this.#known = new KnownModels(native);
    this.#loader = new ModelLoader(native, this.#known);
    this.#tokenizer = new ServerTokenizer(this.#http);
    this.#errorTexts = ollamaErrorTexts(
      () => this.#http.baseUrl,
      () => this.#known.isOllama !== false,
    );
  }

  get defaultModel(): string {
    return this.#defaultModel;
  }

  /** Available means that the server answers and has a model that can chat. */
  async availability(): Promise<Availability> {
    const deadline = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    try {
      const listed = parseModels(await this.#http.getJson("models", deadline));
      await this.#known.learn(listed, deadline);
      return await this.#availabilityOf(listed.filter((model) => this.#known.canChat(model)));
    } catch (error) {
      const failure = failureOfProbe(error);
      const { model } = this.#config;
      if (model !== undefined && (failure.provider?.noSuchApi || hasNoList(failure)))
        return { available: true, models: [this.#modelInfo(model)] };
      const [reason, action] = errorTextOf(failure, this.#errorTexts, this.#defaultModel);
      return { available: false, reason, action, models: [] };
    }
  }

  needsReasoning(model: string): boolean {
    return this.#needs.reasoning(model);
  }

  isSameModel(id: string, name: string): boolean {
    return isSameModel(id, name);
  }

  /** One function, because each that waits for an answer takes half a kilobyte for as long as it runs. */
  async generate(request: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<Completion> {
    const { model } = request;
    try {
      await this.#load(request, sink, signal);
      const queued = new QueuedAnswer(sink, this.#answers);
      let reader: CompletionReader | undefined;
      const isOpen = this.#reasoningWasOpen.get(model) ?? this.#known.opensReasoning(model);
      const post = () =>
        this.#http.postForAnswer(
          PATH,
          this.#body(request),
          () => {
            reader = new CompletionReader(queued, this.#http.secrets, isOpen);
            return reader;
          },
          signal,
        );
      let completion: Completion;
      try {
        completion = await post().catch((error) => {
          if (!this.#canRepeat(error, request)) throw error;
          return post();
        });
      } finally {
        queued.end();
      }
      this.#reasoningWasOpen.set(model, reader?.reasoningWasOpen === true);
      const window = await this.#windowAfter(model, signal);
      return { ...completion, ...(window !== undefined && { contextWindow: window }) };
    } catch (error) {
      throw explain(error, this.#errorTexts, model);
    }
  }

  embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    return requestEmbeddings(this.#http, this.#errorTexts, request, signal);
  }

  wireRequest(request: ModelRequest): WireRequest {
    return { method: "POST", url: this.#http.url(PATH), body: this.#body(request) };
  }

  /** Absent where the server has no tokenizer. */
  get countTokens(): ((model: string, texts: readonly string[]) => Promise<number[]>) | undefined {
    return this.#tokenizer.found ? (model, texts) => this.#tokenizer.count(model, texts) : undefined;
  }

  close(): Promise<void> {
    this.#loader.close();
    return this.#http.close();
  }

  async #availabilityOf(models: readonly ListedModel[]): Promise<Availability> {
    const ids = models.map((model) => model.id);
    const wanted = this.#config.model ?? DEFAULT_MODEL;
    const own = ids.find((id) => isSameModel(id, wanted));
    // The page and the settings know a model by the name that was set: with or without its `:latest`.
    const shownAs = (id: string): string => (id === own ? wanted : id);
    this.#defaultModel = own !== undefined || this.#config.model !== undefined ? wanted : (ids[0] ?? wanted);
    const infos = ids.map((id) => this.#modelInfo(shownAs(id)));
    const missing = providerFailure("provider_model_not_found");
    if (ids.length === 0) {
      const [reason, action] = errorTextOf(missing, this.#errorTexts, wanted);
      return { available: false, reason, action, models: infos };
    }
    // Ollama has no tokenizer endpoint.
    if (!this.#known.isOllama) await this.#tokenizer.look(this.#defaultModel);
    if (ids.some((id) => isSameModel(id, this.#defaultModel))) return { available: true, models: infos };
    const [reason, action] = errorTextOf(missing, this.#errorTexts, wanted);
    return { available: true, reason, action, models: infos };
  }

  #modelInfo(id: string): ModelInfo {
    const window = this.#known.windowOf(id);
    const capabilities = this.#known.capabilitiesOf(id);
    return {
      id,
      context_window: window?.tokens ?? null,
      ...(window?.allocated === false && { context_window_is_maximum: true }),
      price: FREE,
      ...(capabilities && { capabilities }),
    };
  }

  /** Loads a model that is not loaded yet. The window that it is given may be too small for the request. */
  async #load({ model, promptTokens }: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<void> {
    if (this.#known.isLoaded(model) !== false) return;
    await this.#loader.load(model, () => sink.alive("loading"), signal);
    const window = this.#known.windowOf(model);
    if (window?.allocated && promptTokens > 0.85 * window.tokens)
      throw providerFailure("provider_context_exceeded", { contextWindow: window.tokens });
  }

  /** True if the request is worth repeating: without a field that was refused, or with one that was missing. */
  #canRepeat(error: unknown, request: ModelRequest): boolean {
    if (!(error instanceof AppError)) return false;
    if (this.#needs.learn(error, request.model)) return true;
    return this.#fields.dropRefused(error, this.#body(request), askedFields(request));
  }

  #body(request: ModelRequest) {
    const { settings = {} } = request;
    const { temperature = this.#config.temperature, seed = this.#config.seed } = settings;
    const body = requestBody(request, {
      ...{ temperature, seed, maxTokens: this.#maxTokens(request), origin: this.origin },
      needsSignatures: this.#needs.signatures(request.model),
      needsReasoning: settings.tools !== undefined && this.needsReasoning(request.model),
    });
    return this.#fields.without(body, askedFields(request));
  }

  /**
   * What is left of the window: beyond it Ollama drops the beginning of the conversation and writes on, up to ten
   * windows long.
   */
  #maxTokens({ model, promptTokens, settings }: ModelRequest): number | undefined {
    const asked = settings?.maxOutputTokens;
    const window = this.#known.windowOf(model);
    if (!window?.allocated || this.#known.limitsItself(model)) return asked;
    const left = Math.max(window.tokens - promptTokens, Math.floor(window.tokens / 16), 1);
    return Math.min(left, asked ?? left);
  }

  /** The window that the model had for an answer; known only now for a model that was not loaded before. */
  async #windowAfter(model: string, signal: AbortSignal): Promise<number | undefined> {
    if (this.#known.isOllama && this.#known.windowOf(model)?.allocated !== true)
      await this.#known.refreshLoaded(AbortSignal.any([signal, AbortSignal.timeout(AFTER_CALL_TIMEOUT_MS)]));
    const window = this.#known.windowOf(model);
    return window?.allocated ? window.tokens : undefined;
  }
}

/** Fields of the body that stand for what the client asked for. */
const askedFields = ({ settings = {} }: ModelRequest): string[] => [
  ...(settings.temperature === undefined ? [] : ["temperature"]),
  ...(settings.seed === undefined ? [] : ["seed"]),
  ...(settings.maxOutputTokens === undefined ? [] : ["max_tokens"]),
];
