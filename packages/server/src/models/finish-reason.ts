import type { FinishReason } from "@redis-memory-magic/protocol";

/** What an answer consisted of. */
export interface AnswerParts {
  readonly text: boolean;
  readonly refusal: boolean;
  readonly toolCall: boolean;
}

/**
 * What the ends that are not the usual one are called, by Chat Completions, the Responses API, and what servers behind
 * a gateway let through (Mistral, Cohere, Gemini, Bedrock, DeepSeek, vLLM, Zhipu, watsonx). The first that fits holds.
 */
const REASONS: readonly (readonly [RegExp, FinishReason])[] = [
  [/filter|safety|recitation|block|prohibit|policy|spii|sensitive|toxic|guardrail/, "content_filter"],
  [/refus/, "refusal"],
  [/error|abort|cancel|fail|malformed|unexpected|insufficient|timeout|rate_?limit|quota|overload/, "error"],
  [/length|max_?\w*tokens|limit|context_?window/, "length"],
  [/tool|function/, "tool_call"],
];

/** More than any name of a reason has. */
const MAX_CHARS = 64;

/** False without a reason, also if a server writes its `null` as text. */
export const isReason = (reason: unknown): boolean =>
  reason !== undefined && reason !== null && !/^(?:|null|none)$/i.test(String(reason));

/** True for a reason that is more than an end. */
export const isUnusualReason = (reason: unknown): boolean => reasonNamed(reason) !== undefined;

/** True for a reason of a provider that failed in the middle of its answer. */
export const isErrorReason = (reason: unknown): boolean => reasonNamed(reason) === "error";

/** How an answer ended, by what the provider called it and by what it had sent. */
export function finishReasonOf(reason: unknown, { text, refusal, toolCall }: AnswerParts): FinishReason {
  const named = reasonNamed(reason);
  if (named === "error" || named === "content_filter") return named;
  if (refusal) return "refusal";
  // Some servers say "stop" although the model asked for a tool, others "tool_calls" after a plain text.
  if (toolCall) return named === "length" ? named : "tool_call";
  if (!text) return named === "refusal" ? "refusal" : "no_text";
  return named === "length" || named === "refusal" ? named : "complete";
}

function reasonNamed(reason: unknown): FinishReason | undefined {
  // Nearly always.
  if (reason === "stop" || typeof reason !== "string") return undefined;
  const name = reason.slice(0, MAX_CHARS).toLowerCase().replaceAll("-", "_");
  return REASONS.find(([pattern]) => pattern.test(name))?.[1];
}
