import { type Json, safeJson, type Usage } from "@redis-memory-magic/protocol";
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionCreateParams,
  ChatCompletionFunctionTool,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { ReasoningEffort } from "openai/resources/shared";
import { z } from "zod";
import type { AnswerSink, Completion, ModelRequest } from "../../chat/chat-model.ts";
import {
  BREAK,
  type ContentPart,
  type ContextItem,
  contentOf,
  type FunctionCall,
  joinAnswers,
  type Reasoning,
} from "../../chat/context-item.ts";
import type { FunctionTool, ModelSettings, ResponseFormat } from "../../chat/model-settings.ts";
import { isFields } from "../../fields.ts";
import type { AnswerReader } from "../answer-body.ts";
import { AnswerOutput } from "../answer-output.ts";
import { isErrorReason, isReason, isUnusualReason } from "../finish-reason.ts";
import { errorOfEvent, failureOfBody, failureOfError } from "../provider-error-body.ts";
import { providerFailure } from "../provider-failure.ts";

export interface BodyOptions {
  readonly temperature: number | undefined;
  readonly seed: number | undefined;
  readonly maxTokens: number | undefined;
  /** The server that is asked. */
  readonly origin: string;
  /** True if Google's dummy is sent where the signature of a call is missing. */
  readonly needsSignatures: boolean;
  /** True if each answer is sent with what the model thought before it. */
  readonly needsReasoning: boolean;
}

/** The body of `POST /chat/completions`. */
export function requestBody(
  request: ModelRequest,
  { temperature, seed, maxTokens, ...loop }: BodyOptions,
): ChatCompletionCreateParams {
  const { model, system, items, settings } = request;
  return {
    model,
    messages: [
      ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
      ...toMessages(items, loop),
    ],
    stream: true,
    stream_options: { include_usage: true },
    ...(settings && settingsOf(settings)),
    ...(temperature !== undefined && { temperature }),
    ...(seed !== undefined && { seed }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
  };
}

type LoopOptions = Omit<BodyOptions, "temperature" | "seed" | "maxTokens">;

type Answer = ChatCompletionAssistantMessageParam & { reasoning_content?: string };

/** Calls stand in the message before them, as this API has it. */
function toMessages(items: readonly ContextItem[], loop: LoopOptions): ChatCompletionMessageParam[] {
  const messages: ChatCompletionMessageParam[] = [];
  /** Adds the reasoning of an item to its message: DeepSeek refuses one that has no field for it, even if it is empty. */
  const reason = (message: Answer, { reasoning }: { readonly reasoning?: Reasoning }): Answer => {
    if (!loop.needsReasoning) return message;
    const own = reasoning?.origin === loop.origin ? reasoning.text : "";
    message.reasoning_content = [message.reasoning_content, own].filter(Boolean).join(BREAK);
    return message;
  };
  for (const item of joinAnswers(items)) {
    const last = messages.at(-1);
    if (item.type === "function_call_output") {
      messages.push({ role: "tool", tool_call_id: item.callId, content: item.content });
    } else if (item.type === undefined) {
      const content = contentOf(item, toContentPart);
      if (item.role === "user") messages.push({ role: "user", content });
      else messages.push(reason({ role: "assistant", content: item.content }, item));
    } else if (last?.role === "assistant") {
      reason(last, item);
      last.tool_calls = [...(last.tool_calls ?? []), toToolCall(item, loop, last.tool_calls === undefined)];
    } else {
      const tool_calls = [toToolCall(item, loop, true)];
      messages.push(reason({ role: "assistant", content: null, tool_calls }, item));
    }
  }
  return messages;
}

/** What Google documents for a call that comes from another model, or has lost its signature. */
const NO_SIGNATURE = { google: { thought_signature: "skip_thought_signature_validator" } };

/** @param isFirst of the calls of its message: Gemini signs only these */
function toToolCall(
  { callId, name, arguments: args, extra }: FunctionCall,
  { origin, needsSignatures }: LoopOptions,
  isFirst: boolean,
): ChatCompletionMessageFunctionToolCall {
  const own = extra?.origin === origin ? extra.extra_content : undefined;
  const extra_content = own ?? (needsSignatures && isFirst ? NO_SIGNATURE : undefined);
  return {
    id: callId,
    type: "function",
    function: { name, arguments: args },
    ...(extra_content && { extra_content }),
  };
}

/** Files are not sent: most servers have no place for them. */
function toContentPart(part: ContentPart): ChatCompletionContentPart {
  if (part.type === "image")
    return { type: "image_url", image_url: { url: part.url, ...(part.detail && { detail: part.detail }) } };
  return { type: "text", text: part.type === "text" ? part.text : part.name };
}

function settingsOf(settings: ModelSettings): Partial<ChatCompletionCreateParams> {
  const { tools, toolChoice, parallelToolCalls, responseFormat, topP, reasoningEffort, stop } = settings;
  return {
    ...(tools && { tools: tools.map(toTool) }),
    ...(toolChoice !== undefined && {
      tool_choice:
        typeof toolChoice === "string"
          ? toolChoice
          : { type: "function" as const, function: { name: toolChoice.name } },
    }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(responseFormat && { response_format: toResponseFormat(responseFormat) }),
    ...(topP !== undefined && { top_p: topP }),
    ...(stop && { stop: [...stop] }),
    ...(reasoningEffort !== undefined && { reasoning_effort: reasoningEffort as ReasoningEffort }),
  };
}

function toResponseFormat(
  format: ResponseFormat,
): NonNullable<ChatCompletionCreateParams["response_format"]> {
  if (format.type === "json_object") return format;
  const { type, ...schema } = format;
  return { type, json_schema: schema };
}

const toTool = (tool: FunctionTool): ChatCompletionFunctionTool => ({ type: "function", function: tool });

/** What is read of a chunk, or of a whole completion. All of it is untrusted, and may be anything. */
interface WireCompletion {
  readonly choices?: readonly WireChoice[] | null;
  readonly usage?: unknown;
  /** Groq's own place for the usage. */
  readonly x_groq?: { readonly usage?: unknown; readonly error?: unknown } | null;
}
interface WireChoice {
  readonly delta?: WireMessage | null;
  /** Of an answer that is not streamed; some servers name the delta so. */
  readonly message?: WireMessage | null;
  /** Of the older completions API. */
  readonly text?: unknown;
  readonly finish_reason?: unknown;
  readonly error?: unknown;
}
interface WireMessage {
  readonly content?: unknown;
  readonly refusal?: unknown;
  /** Ollama's, OpenRouter's and Groq's name for what a model thinks. */
  readonly reasoning?: unknown;
  /** DeepSeek's, llama.cpp's, vLLM's and LM Studio's. */
  readonly reasoning_content?: unknown;
  /** OpenRouter's, beside `reasoning`, which may be absent. */
  readonly reasoning_details?: unknown;
  readonly thinking?: unknown;
  readonly tool_calls?: unknown;
  readonly function_call?: unknown;
}

/** Reads a completion, in chunks or whole. */
export class CompletionReader implements AnswerReader<Completion> {
  readonly #sink: AnswerSink;
  readonly #output: AnswerOutput;
  readonly #secrets: readonly string[];
  #reason: unknown;
  #done = false;
  /** The last chunk seems to be the last one. */
  #hasEnded = false;
  /** The answer went on after a chunk that seemed to be the last one. */
  #goesOn = false;
  #usage: Usage | null = null;

  /** @param reasoningIsOpen true if the model's chat template opens `<think>` itself */
  constructor(sink: AnswerSink, secrets: readonly string[], reasoningIsOpen = false) {
    this.#sink = sink;
    this.#output = new AnswerOutput(sink, reasoningIsOpen);
    this.#secrets = secrets;
  }

  /** True once the model has said how its answer ended, as far as that can be relied on. */
  get ended(): boolean {
    return this.#done || this.#hasEnded;
  }

  get reasoningWasOpen(): boolean {
    return this.#output.reasoningWasOpen;
  }

  packetEnd(): void {
    this.#output.flush();
    this.#sink.alive();
  }

  event(value: unknown): undefined {
    this.#take(value);
  }

  done(): Completion {
    this.#done = true;
    return this.end();
  }

  whole(body: unknown): Completion {
    this.#take(body);
    // A body that is one completion is whole without a reason, too.
    const { choices } = (body ?? {}) as WireCompletion;
    if (!Array.isArray(choices) || choices.length === 0) this.#fail(body);
    return this.done();
  }

  /** @throws AppError `provider_broke_off` if the model had not come to its end */
  end(): Completion {
    if (!this.#done && this.#reason === undefined) throw providerFailure("provider_broke_off");
    return this.#output.complete(this.#reason, this.#usage);
  }

  #take(value: unknown): void {
    const error = errorOfEvent(value);
    if (error !== null) throw failureOfError(error, this.#secrets, this.#output.pieces > 0);
    const completion = (value ?? {}) as WireCompletion;
    if (completion.x_groq?.error) this.#fail({ error: completion.x_groq.error });
    const usage = completion.usage ?? completion.x_groq?.usage;
    if (usage) this.#usage = usageOf(usage) ?? this.#usage;
    const { choices } = completion;
    const choice = Array.isArray(choices) ? (choices as readonly (WireChoice | null)[])[0] : undefined;
    if (choice) this.#takeChoice(choice);
  }

  #takeChoice(choice: WireChoice): void {
    const { finish_reason: reason, error } = choice;
    const message = choice.delta ?? choice.message;
    const before = this.#output.pieces;
    if (message) this.#takeMessage(message);
    else if (typeof choice.text === "string") this.#output.content(choice.text);
    if (error || isErrorReason(reason)) this.#fail({ error: error ?? `The answer ended with "${reason}".` });
    const carried = this.#output.pieces > before;
    // Some gateways give every chunk a reason: its first ones, which think or are empty, and those with text too.
    if (carried && this.#hasEnded) {
      this.#goesOn = true;
      this.#hasEnded = false;
    }
    if (!isReason(reason)) return;
    const unusual = isUnusualReason(reason);
    if (unusual || !isUnusualReason(this.#reason)) this.#reason = reason;
    this.#hasEnded = unusual || (this.#output.hasBegun && !(carried && this.#goesOn));
  }

  #takeMessage(message: WireMessage): void {
    // Some servers send what the model thinks in two of these at once.
    const reasoning =
      message.reasoning || message.reasoning_content || message.thinking || message.reasoning_details;
    if (reasoning) this.#output.reasoning(reasoning);
    this.#output.content(message.content);
    this.#output.refusal(message.refusal);
    const calls = message.tool_calls ?? (message.function_call && [{ function: message.function_call }]);
    if (Array.isArray(calls)) for (const [n, call] of calls.entries()) this.#takeToolCall(call, n);
  }

  #takeToolCall(call: unknown, position: number): void {
    const found = wireToolCall.safeParse(call).data;
    if (found === undefined) return;
    const { id, index, function: called, extra_content } = found;
    const given = called?.arguments ?? "";
    this.#output.toolCall({
      index: index ?? position,
      ...(id && { id }),
      ...(called?.name && { name: called.name }),
      arguments: typeof given === "string" ? given : JSON.stringify(given),
      ...(isFields<Json>(extra_content) && { extraContent: extra_content }),
    });
  }

  #fail(body: unknown): never {
    throw failureOfBody(body, this.#secrets, this.#output.pieces > 0);
  }
}

const wireToolCall = z.object({
  id: z.string().nullish().catch(null),
  index: z.int().nonnegative().nullish().catch(null),
  function: z.object({ name: z.string().nullish().catch(null), arguments: z.unknown().optional() }).nullish(),
  /** Gemini's, with a signature that it wants back. */
  extra_content: safeJson.nullish().catch(null),
});

const tokens = z.int().nonnegative();
const wireUsage = z.object({
  prompt_tokens: tokens,
  // Absent in the first of a stream's reports, where each chunk has one.
  completion_tokens: tokens.nullish(),
  prompt_tokens_details: z.object({ cached_tokens: tokens.nullish() }).nullish().catch(null),
  /** DeepSeek's name for it. */
  prompt_cache_hit_tokens: tokens.nullish().catch(null),
});

/** `null` for tokens counted in another way: an answer is not lost because of them. */
function usageOf(usage: unknown): Usage | null {
  const { data } = wireUsage.safeParse(usage);
  if (data === undefined) return null;
  const cached = data.prompt_tokens_details?.cached_tokens ?? data.prompt_cache_hit_tokens;
  return {
    input_tokens: data.prompt_tokens,
    ...(cached !== undefined && cached !== null && { cached_tokens: cached }),
    output_tokens: data.completion_tokens ?? 0,
  };
}
