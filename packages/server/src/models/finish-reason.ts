import type { FinishReason } from "@redis-memory-magic/protocol";

/** What an answer consisted of. */
export interface AnswerParts {
  readonly text: boolean;
  readonly refusal: boolean;
  readonly toolCall: boolean;
}

/**
 * The names that providers have for the ends that are not the usual one, in lower case. Chat Completions, the
 * Responses API, and what servers behind a gateway let through (Mistral, Cohere, Gemini, DeepSeek, vLLM, Zhipu).
 */
const REASONS: Readonly<Record<string, FinishReason>> = {
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  model_length: "length",
  max_length: "length",
  model_context_window_exceeded: "length",
  content_filter: "content_filter",
  content_filtered: "content_filter",
  safety: "content_filter",
  recitation: "content_filter",
  blocklist: "content_filter",
  prohibited_content: "content_filter",
  spii: "content_filter",
  sensitive: "content_filter",
  error_toxic: "content_filter",
  refusal: "refusal",
  tool_calls: "tool_call",
  tool_call: "tool_call",
  tool_use: "tool_call",
  function_call: "tool_call",
  error: "error",
  abort: "error",
  cancelled: "error",
  failed: "error",
  network_error: "error",
  insufficient_system_resource: "error",
};

/** True for a reason of a provider that failed in the middle of its answer. */
export const isErrorReason = (reason: unknown): boolean => reasonNamed(reason) === "error";

/** How an answer ended, by what the provider called it and by what it had sent. */
export function finishReasonOf(reason: unknown, { text, refusal, toolCall }: AnswerParts): FinishReason {
  const named = reasonNamed(reason);
  if (named === "error" || named === "content_filter") return named;
  if (refusal) return "refusal";
  // Some servers say "stop" although the model asked for a tool, others "tool_calls" after a plain text.
  if (toolCall) return "tool_call";
  if (!text) return named === "refusal" ? "refusal" : "no_text";
  return named === "length" || named === "refusal" ? named : "complete";
}

const reasonNamed = (reason: unknown): FinishReason | undefined =>
  typeof reason === "string" ? REASONS[reason.toLowerCase()] : undefined;
