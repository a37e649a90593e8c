import type { ContextMessage } from "../../../chat/context-item.ts";
import type { ModelSettings } from "../../../chat/model-settings.ts";
import type { ModelState } from "./model-child.ts";

/** What one answer is made from. */
export interface AnswerRequest {
  readonly system: string;
  readonly messages: readonly ContextMessage[];
  /** Most tokens that context and answer may take together. */
  readonly contextWindow: number;
  readonly settings: ModelSettings;
}

export interface AnswerResult {
  readonly finishReason: "stop" | "length";
  readonly inputTokens: number;
  /** Of the input, those that were evaluated for an earlier answer. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

/** Messages from the server to the model's process. All messages of a call have its `id`. */
export type ToChild =
  | { readonly type: "answer"; readonly id: number; readonly request: AnswerRequest }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "count"; readonly id: number; readonly texts: readonly string[] };

/** Messages from the model's process to the server. Every call ends with one of the last five. */
export type FromChild =
  | ModelState
  | { readonly type: "loading" }
  | { readonly type: "text"; readonly id: number; readonly text: string }
  | { readonly type: "working"; readonly id: number }
  | { readonly type: "answered"; readonly id: number; readonly result: AnswerResult }
  | { readonly type: "cancelled"; readonly id: number }
  | { readonly type: "too-long"; readonly id: number; readonly tokens: number; readonly window: number }
  | { readonly type: "counted"; readonly id: number; readonly counts: number[] }
  | { readonly type: "failed"; readonly id: number; readonly reason: string };
