import { z } from "zod";

/** Who can answer a turn. */
export const PROVIDER_IDS = ["chatgpt", "ollama", "embedded", "mirror"] as const;
export const providerId = z.enum(PROVIDER_IDS);
export type ProviderId = z.infer<typeof providerId>;

/** What the model is sent: the current message alone, or the history too. */
export const MODES = ["stateless", "stateful"] as const;
export const mode = z.enum(MODES);
export type Mode = z.infer<typeof mode>;

/** How a history that does not fit the context window is chosen from. */
export const MEMORY_STRATEGIES = ["window", "recall", "summary", "recall+summary"] as const;
export const memoryStrategy = z.enum(MEMORY_STRATEGIES);
export type MemoryStrategy = z.infer<typeof memoryStrategy>;

/** Text that UTF-8 can carry. */
export const text = z
  .string()
  .refine((value) => value.isWellFormed(), "must not contain half of a surrogate pair");

// Letters of any script, punctuation and spaces are welcome; what cannot be seen or stored is not. Not by \p{Cc},
// which says the same: programs in other languages read this pattern in the API's description.
const CONTROL = "\\u0000-\\u001f\\u007f-\\u009f";
const VISIBLE = new RegExp(`^[^${CONTROL}]*$`, "u");
const id = text.min(1).max(128).regex(VISIBLE, "must not contain control characters");

/** A session's id, chosen by the client: 1–128 characters, none of them a control character. */
export const sessionId = id
  // In a path these two mean something else, to every client.
  .refine((id) => id !== "." && id !== "..", "must not be . or ..");

/** A message's id, chosen by a client or made by the server: 1–128 characters, none of them a control character. */
export const messageId = id;

export const turnId = z.string().regex(/^[0-9a-f]{16}$/, "must be a turn's id: 16 hexadecimal digits");

/** ISO 8601, UTC, milliseconds. */
export const timestamp = z.iso.datetime("must be a time such as 2026-11-27T10:00:00Z");

/** How far a turn is. The last four are ends. */
export const TURN_STATUSES = ["running", "completed", "cancelled", "failed", "interrupted"] as const;
export const turnStatus = z.enum(TURN_STATUSES);
export type TurnStatus = z.infer<typeof turnStatus>;

/**
 * How an answer ended: `length` at the limit of its tokens or of the context window, `tool_call` with a request for a
 * tool, `error` because the provider failed, `no_text` without a word.
 */
export const FINISH_REASONS = [
  "complete",
  "length",
  "content_filter",
  "refusal",
  "tool_call",
  "error",
  "no_text",
] as const;
export const finishReason = z.enum(FINISH_REASONS);
export type FinishReason = z.infer<typeof finishReason>;
