import type { Usage } from "@redis-memory-magic/protocol";
import type { ChatCompletionCreateParamsStreaming } from "openai/resources/chat/completions";
import { z } from "zod";
import type { AnswerSink, Completion, ModelRequest } from "../../chat/chat-model.ts";
import { AnswerText } from "../answer-text.ts";
import { asTextMessages } from "../context-roles.ts";
import type { EventReader } from "../event-stream.ts";
import { failureOfError, findProviderError } from "../provider-error-body.ts";
import { ProviderFailure } from "../provider-failure.ts";
import { parseAs, parseJson } from "../wire-json.ts";

/** The body of `POST /chat/completions`. */
export function requestBody(request: ModelRequest): ChatCompletionCreateParamsStreaming {
  const messages = asTextMessages(request.messages);
  return {
    model: request.model,
    messages: request.system === "" ? messages : [{ role: "system", content: request.system }, ...messages],
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** What is read of a chunk. All of it is the server's word, and may be anything. */
interface WireChunk {
  readonly error?: unknown;
  readonly choices?: readonly WireChoice[] | null;
  readonly usage?: unknown;
}
interface WireChoice {
  readonly delta?: {
    readonly content?: unknown;
    /** Ollama's name for what a model thinks; llama.cpp's and vLLM's is the next. */
    readonly reasoning?: unknown;
    readonly reasoning_content?: unknown;
  } | null;
  readonly finish_reason?: unknown;
}

/** Reads the chunks of a streamed answer. */
export class CompletionChunks implements EventReader<Completion> {
  readonly #sink: AnswerSink;
  readonly #text: AnswerText;
  readonly #secret: string;
  #finishReason: Completion["finishReason"] | undefined;
  #usage: Usage | null = null;

  constructor(sink: AnswerSink, secret: string) {
    this.#sink = sink;
    this.#text = new AnswerText(sink);
    this.#secret = secret;
  }

  event(data: string): Completion | undefined {
    if (data === "[DONE]") return this.end();
    const chunk = parseJson(data) as WireChunk | null;
    const error = findProviderError(chunk);
    if (error !== null) throw failureOfError(error, this.#secret);
    const choice = chunk?.choices?.[0];
    const delta = choice?.delta;
    if (delta?.content) this.#text.push(delta.content);
    else if (delta?.reasoning || delta?.reasoning_content) this.#sink.thinking();
    if (choice?.finish_reason) this.#finishReason = finishReasonOf(choice.finish_reason);
    if (chunk?.usage) this.#usage = usageOf(chunk.usage);
    return undefined;
  }

  /** @throws ProviderFailure `provider_broke_off` if the model had not come to its end */
  end(): Completion {
    if (this.#finishReason === undefined) throw new ProviderFailure("provider_broke_off");
    this.#text.end();
    return { usage: this.#usage, finishReason: this.#finishReason };
  }
}

function finishReasonOf(reason: unknown): Completion["finishReason"] {
  return reason === "length" || reason === "content_filter" ? reason : "stop";
}

const tokens = z.int().nonnegative();
const wireUsage = z.object({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  prompt_tokens_details: z.object({ cached_tokens: tokens.optional() }).nullish(),
});

/** `null` for tokens counted in another way: an answer is not lost because of them. */
function usageOf(usage: unknown): Usage | null {
  const { data } = wireUsage.safeParse(usage);
  if (data === undefined) return null;
  const cached = data.prompt_tokens_details?.cached_tokens;
  return {
    input_tokens: data.prompt_tokens,
    ...(cached !== undefined && { cached_tokens: cached }),
    output_tokens: data.completion_tokens,
  };
}

/** A model of `GET /v1/models`. vLLM tells its window there. */
export interface ListedModel {
  readonly id: string;
  readonly contextWindow: number | null;
}

const positive = z.int().positive();

export function parseModels(body: unknown): ListedModel[] {
  const schema = z.object({
    data: z.array(z.object({ id: z.string(), max_model_len: positive.nullish().catch(null) })).nullable(),
  });
  return (parseAs(schema, body).data ?? []).map(({ id, max_model_len }) => ({
    id,
    contextWindow: max_model_len ?? null,
  }));
}

/** Ollama's `GET /api/ps`: the loaded models with the window that each was given. */
export function parseAllocatedWindows(body: unknown): Map<string, number> {
  const schema = z.object({
    models: z.array(z.object({ model: z.string(), context_length: positive.nullish().catch(null) })),
  });
  const models = schema.safeParse(body).data?.models ?? [];
  return new Map(
    models.flatMap(({ model, context_length }) => (context_length ? [[model, context_length]] : [])),
  );
}

/**
 * Ollama's `POST /api/show`: the window that a model was trained for, or what its Modelfile sets if less.
 * What is allocated when it is loaded may be less again (4,096 by default). `null`: it does not say.
 */
export function parseLargestWindow(body: unknown): number | null {
  const schema = z.object({
    parameters: z.string().default(""),
    model_info: z.record(z.string(), z.unknown()),
  });
  const shown = schema.safeParse(body).data;
  if (shown === undefined) return null;
  const trained = positive.safeParse(
    shown.model_info[`${shown.model_info["general.architecture"]}.context_length`],
  );
  const set = /^num_ctx\s+(\d+)\s*$/m.exec(shown.parameters)?.[1];
  const windows = [...(trained.success ? [trained.data] : []), ...(set === undefined ? [] : [Number(set)])];
  return windows.length > 0 ? Math.min(...windows) : null;
}
