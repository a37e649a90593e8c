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
import { hasNoList, parseModels } from "../model-list.ts";
import { errorTextOf, explain, failureOfProbe } from "../provider-failure.ts";
import { ProviderHttp } from "../provider-http.ts";
import { chatGptErrorTexts } from "./error-texts.ts";
import { DEFAULT_MODELS, KNOWN_MODELS, modelInfo } from "./models.ts";
import { countTokens } from "./tokens.ts";
import { ResponseReader, requestBody } from "./wire.ts";

export interface ChatGptConfig {
  /** Empty: none is set, and the provider is not available. */
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Undefined: the first of `DEFAULT_MODELS` that the key has. */
  readonly model?: string | undefined;
}

const PATH = "responses";
const PROBE_TIMEOUT_MS = 4000;
/** Models that something is remembered of: clients choose the names. */
const MODELS = 1000;

/** OpenAI's Responses API. */
export class ChatGpt implements ChatModel {
  readonly id = "chatgpt";
  readonly name = "Cloud (ChatGPT)";
  readonly settings = [
    "tools",
    "toolChoice",
    "parallelToolCalls",
    "responseFormat",
    "temperature",
    "topP",
    "maxOutputTokens",
    "reasoningEffort",
  ] as const;
  readonly lacks = [];
  readonly summaries = { isLargeEnough: () => true, concurrency: Number.POSITIVE_INFINITY };
  readonly #chosenModel: string | undefined;
  #defaultModel: string;
  readonly #apiKey: string;
  readonly #http: ProviderHttp;
  readonly #errorTexts;
  /** Models that OpenAI refuses to stream to this organisation. */
  readonly #unstreamed = new LRUCache<string, true>({ max: MODELS });

  constructor(config: ChatGptConfig) {
    this.#chosenModel = config.model;
    this.#defaultModel = config.model ?? DEFAULT_MODELS[0];
    this.#apiKey = config.apiKey;
    this.#http = new ProviderHttp(config);
    this.#errorTexts = chatGptErrorTexts(() => this.#http.baseUrl);
  }

  get defaultModel(): string {
    return this.#defaultModel;
  }

  /** Asks for the list of models, which costs nothing and finds a wrong key before a person does. */
  async availability(): Promise<Availability> {
    const known = this.#models(KNOWN_MODELS);
    if (this.#apiKey === "")
      return {
        available: false,
        reason: "No OpenAI API key is set.",
        action: "Set OPENAI_API_KEY (https://platform.openai.com/api-keys) and restart the server.",
        models: known,
      };
    try {
      const ids = parseModels(await this.#http.getJson("models", AbortSignal.timeout(PROBE_TIMEOUT_MS))).map(
        ({ id }) => id,
      );
      this.#defaultModel =
        this.#chosenModel ?? DEFAULT_MODELS.find((id) => ids.includes(id)) ?? DEFAULT_MODELS[0];
      return { available: true, models: this.#models(ids) };
    } catch (error) {
      const failure = failureOfProbe(error);
      if (hasNoList(failure)) return { available: true, models: known };
      const [reason, action] = errorTextOf(failure, this.#errorTexts, this.defaultModel);
      return { available: false, reason, action, models: known };
    }
  }

  async generate(request: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<Completion> {
    const reader = () => new ResponseReader(sink, this.#http.secrets);
    for (;;) {
      try {
        return await this.#http.postForAnswer(PATH, this.#body(request), reader, signal);
      } catch (error) {
        const refused =
          error instanceof AppError && error.provider?.status === 400 && error.provider.param === "stream";
        if (!refused || this.#unstreamed.has(request.model))
          throw explain(error, this.#errorTexts, request.model);
        this.#unstreamed.set(request.model, true);
      }
    }
  }

  embed(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings> {
    return requestEmbeddings(this.#http, this.#errorTexts, request, signal);
  }

  wireRequest(request: ModelRequest): WireRequest {
    return { method: "POST", url: this.#http.url(PATH), body: this.#body(request) };
  }

  countTokens(_model: string, texts: readonly string[]): number[] | Promise<number[]> {
    return countTokens(texts);
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #body(request: ModelRequest) {
    return requestBody(request, !this.#unstreamed.has(request.model));
  }

  /** The list names embeddings and voices too: what of it answers is known, but for a server that is not OpenAI's. */
  #models(ids: readonly string[]) {
    const known = KNOWN_MODELS.filter((id) => ids.includes(id));
    return [...new Set([this.defaultModel, ...(known.length > 0 ? known : ids)])].map(modelInfo);
  }
}
