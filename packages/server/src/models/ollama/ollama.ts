import type { ModelInfo } from "@redis-memory-magic/protocol";
import type {
  AnswerSink,
  Availability,
  ChatModel,
  Completion,
  ModelRequest,
  WireRequest,
} from "../../chat/chat-model.ts";
import { failureOfProbe, inWords, ProviderFailure, type Sentences } from "../provider-failure.ts";
import { ProviderHttp } from "../provider-http.ts";
import { ContextWindows } from "./context-windows.ts";
import { ollamaSentences } from "./sentences.ts";
import { CompletionChunks, parseModels, requestBody } from "./wire.ts";

export interface OllamaConfig {
  /** With its `/v1`. */
  readonly baseUrl: string;
  /** Ollama asks for none; others may. Empty: none is sent. */
  readonly apiKey: string;
  readonly model: string;
}

const PATH = "chat/completions";
const PROBE_TIMEOUT_MS = 4000;
const FREE = { input: 0, cached_input: 0, output: 0 };

/** Chat Completions of a server of one's own: Ollama, and as well llama.cpp's, vLLM and LM Studio. */
export class Ollama implements ChatModel {
  readonly id = "ollama";
  readonly name = "Local (Ollama)";
  readonly defaultModel: string;
  readonly #apiKey: string;
  readonly #http: ProviderHttp;
  readonly #windows: ContextWindows;
  readonly #sentences;

  constructor(config: OllamaConfig) {
    this.defaultModel = config.model;
    this.#apiKey = config.apiKey;
    this.#http = new ProviderHttp(config.baseUrl, config.apiKey);
    this.#windows = new ContextWindows(this.#http);
    this.#sentences = ollamaSentences(this.#http.baseUrl);
  }

  async availability(): Promise<Availability> {
    const deadline = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    try {
      const listed = parseModels(await this.#http.getJson("models", deadline));
      const ids = listed.map((model) => model.id);
      const own = ids.find((id) => isSameModel(id, this.defaultModel));
      await this.#windows.learn(own === undefined ? ids : new Set([own, ...ids]), deadline);
      const models = listed.map(({ id, contextWindow }): ModelInfo => {
        // The page and the settings know it by the name that was set: with or without its `:latest`.
        const name = id === own ? this.defaultModel : id;
        return { id: name, context_window: contextWindow ?? this.#windows.of(id), price: FREE };
      });
      if (own !== undefined) return { available: true, models };
      const [reason, action] = this.#missing(ids);
      return { available: false, reason, action, models };
    } catch (error) {
      const failure = failureOfProbe(error);
      const [reason, action] = this.#sentences[failure.code](failure, this.defaultModel);
      return { available: false, reason, action, models: [] };
    }
  }

  generate(request: ModelRequest, sink: AnswerSink, signal: AbortSignal): Promise<Completion> {
    const { model } = request;
    const chunks = new CompletionChunks(sink, this.#apiKey);
    return this.#http.postForEvents(PATH, requestBody(request), chunks, signal).catch((error) => {
      throw inWords(error, this.#sentences, model);
    });
  }

  wireRequest(request: ModelRequest): WireRequest {
    return { method: "POST", url: this.#http.url(PATH), body: requestBody(request) };
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #missing(ids: readonly string[]): Sentences {
    const [reason, action] = this.#sentences.provider_model_not_found(
      new ProviderFailure("provider_model_not_found"),
      this.defaultModel,
    );
    const others = ids.slice(0, 3).join(", ");
    return [
      reason,
      others === "" ? action : `${action} OLLAMA_MODEL can be set to one that it has: ${others}.`,
    ];
  }
}

/** Ollama adds `:latest` to a name without a tag. */
const isSameModel = (id: string, name: string): boolean => id === name || id === `${name}:latest`;
