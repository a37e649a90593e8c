import { z } from "zod";
import { finishReason, mode, providerId, sessionId, timestamp, turnId, turnStatus } from "./ids.ts";
import { outputItem, role } from "./items.ts";
import { cost, truncation, usage } from "./usage.ts";

const count = z.int().nonnegative();

/** One message as the model was sent it. The tokens of all add up to the report's count. */
export const sentMessage = z.object({
  role,
  content: z.string(),
  tokens: count,
  type: z.enum(["function_call", "function_call_output"]).optional().describe("Absent for a message."),
  name: z.string().optional().describe("The function's, of a call."),
  call_id: z.string().optional(),
  images: z
    .array(
      z.object({
        url: z.string().nullable().describe("`blob:` and the blob's id; null if it is not stored."),
        tokens: count.describe("Estimated."),
        width: z.int().positive().optional(),
        height: z.int().positive().optional(),
      }),
    )
    .optional(),
  message_id: z.string().nullable().describe("null for the system prompt and for a message not stored yet."),
  joined_ids: z
    .array(z.string())
    .optional()
    .describe(
      "Older messages that were joined with this one: a model is sent no two messages of one role in a row.",
    ),
});

export type SentMessage = z.infer<typeof sentMessage>;

/** What a chat template would refuse, and was changed. */
export const promptChange = z.object({
  change: z
    .enum([
      "joined",
      "moved_to_system",
      "quoted",
      "empty_left_out",
      "reasoning_removed",
      "call_left_out",
      "tools_as_text",
      "images_left_out",
      "files_left_out",
      "unknown_left_out",
    ])
    .describe(
      "joined: with the message before it, of the same role. moved_to_system: a system message of the history. " +
        "quoted: an answer at the beginning, as the user's words. empty_left_out: a message without text. " +
        "reasoning_removed: what a model thought. call_left_out: a tool call without its output. " +
        "tools_as_text: a tool call or its output, which the model was sent as text. images_left_out, " +
        "files_left_out: the model cannot read them, a note stands in their place. unknown_left_out: an item or a " +
        "part of a kind that this server does not know.",
    ),
  messages: count,
});
export type PromptChange = z.infer<typeof promptChange>;

const recallHit = z.object({
  session: z
    .object({ id: sessionId, title: z.string().nullable() })
    .optional()
    .describe("The other session that it is from; absent: this one."),
  message_ids: z.array(z.string()).describe("The whole turn, in order."),
  text: z.string().describe("The beginning of its first message, in one line."),
  cut: z
    .boolean()
    .optional()
    .describe("true: the turn is longer than the room, so only the best passage of one message was quoted."),
  created_at: timestamp,
  tokens: count,
  score: z.number().nonnegative(),
  similarity: z
    .number()
    .optional()
    .describe("How similar its meaning is to the message's, up to 1; absent: it was found by words alone."),
  terms: z
    .array(z.object({ term: z.string(), weight: z.number().nonnegative() }))
    .describe(
      "Words that it has of the message, or of the one before that was searched with it. A weight is larger the fewer turns have the word.",
    ),
});

export const contentsFailure = z.enum(["unavailable", "late"]);
export type ContentsFailure = z.infer<typeof contentsFailure>;

/** Why the table of contents is sent without a model's summary. */
export const noSummary = z.enum([
  "no_model",
  "not_yet",
  "newer",
  "no_room",
  "empty",
  "too_long",
  "declined",
  "markup",
  "instructs",
  "repeats",
  "copies",
  "invents",
  "failed",
  "late",
  "interrupted",
  "changed",
]);
export type NoSummary = z.infer<typeof noSummary>;

export const recallFailure = z.enum([...contentsFailure.options, "no_words"]);
export type RecallFailure = z.infer<typeof recallFailure>;

const part = { tokens: count, message_ids: z.array(z.string()) };

/** A segment of the payload. */
export const contextPart = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["system", "window", "message"]), ...part }),
  z.object({
    kind: z.literal("notes"),
    ...part,
    note_ids: z.array(z.string()).describe("The newest notes that fit, oldest first."),
    total: count.describe("Notes that the owner had."),
  }),
  z.object({
    kind: z.literal("summary"),
    ...part,
    summary: z
      .object({
        text: z.string(),
        covers: count.describe("How many items of the session it sums up, from the first one on."),
        model: z.string().describe("The model that wrote it, in the background after an earlier turn."),
        created_at: timestamp,
      })
      .optional()
      .describe("What a model wrote of the beginning of the session. It can be wrong."),
    no_summary: noSummary
      .optional()
      .describe(
        "Why there is no model's summary. no_model: the model is too small to write one, or none may. not_yet: it is " +
          "written after a turn. newer: it covers messages of this window, which is larger than those before. no_room: it " +
          "does not fit. changed: a message that it covered was changed or removed. interrupted: it was given up for a " +
          "turn. failed, late: the model did not answer. All others: what the model wrote was not kept, because it was " +
          "empty, was too long, declined, had markup, gave instructions, repeated itself, copied 12 words in a row, or " +
          "had names or numbers that the conversation lacks.",
      ),
    entries: z
      .array(z.object({ message_id: z.string(), text: z.string().describe("Its first words.") }))
      .describe(
        "The messages of the user that the table of contents lists, oldest first: of those that no summary covers.",
      ),
    failed: contentsFailure
      .optional()
      .describe(
        "Why the turn went on without it. unavailable: Redis was away. late: reading the messages took too long.",
      ),
  }),
  z.object({
    kind: z.literal("recall"),
    ...part,
    hits: z.array(recallHit).describe("The recalled turns, best first."),
    searched: count.describe(
      "Messages that were searched, of `total` that are outside the window or in the other sessions.",
    ),
    total: count,
    sessions: count.optional().describe("Other sessions that were searched; absent: none was to be."),
    matched: count.describe("Turns that have words of the message, or stand beside one that has."),
    ms: z.number().nonnegative().describe("How long the search took."),
    failed: recallFailure
      .optional()
      .describe(
        "Why the turn went on without recall. unavailable: Redis was away, or the session could not be searched. " +
          "late: the search took too long. no_words: the message has no words to search for.",
      ),
  }),
]);
export type ContextPart = z.infer<typeof contextPart>;

/** What a turn sent, what it left out and why, and what that took. */
export const contextReport = z.object({
  messages: z.array(sentMessage).describe("The payload: exactly these, in this order."),
  parts: z
    .array(contextPart)
    .describe(
      "The payload's segments, in the order in which they are sent; their tokens add up to the report's count. " +
        "notes: the owner's, at the end of the system prompt. " +
        "summary: a table of contents of what is outside the window, at the beginning of the first message. " +
        "recall: earlier turns from outside the window, quoted at the beginning of the message.",
    ),
  left_out: z.array(
    z.object({
      reason: z.enum(["stateless", "window"]),
      messages: count,
    }),
  ),
  normalized: z
    .array(promptChange)
    .describe(
      "How the history was changed, so that every model's chat template accepts it; empty: it was not.",
    ),
  intact: z.boolean().describe("false: some of what was sent has been dropped from the session since."),
  hash: z.string().describe("SHA-256 of the payload, first 16 hexadecimal digits."),
  context_window: count,
  budget: count.describe("The window less the room for the answer."),
  tokens: z.object({
    counted: count,
    estimated: z.boolean().describe("true: no tokenizer of this model is at hand."),
    reported: count.nullable(),
    cached: count.nullable(),
    output: count.nullable(),
  }),
  truncation: truncation.optional(),
  cost: cost.nullable(),
  times: z.object({
    started_at: timestamp,
    first_token_ms: z.number().nonnegative().nullable(),
    total_ms: z.number().nonnegative().nullable(),
    tokens_per_second: z.number().nonnegative().nullable(),
  }),
  request: z
    .object({ method: z.string(), url: z.string(), body: z.unknown() })
    .nullable()
    .describe(
      "The request as it goes over the wire, without its key; null for a provider inside this process.",
    ),
});
export type ContextReport = z.infer<typeof contextReport>;

export const turn = z.object({
  turn_id: turnId,
  session_id: sessionId,
  status: turnStatus,
  mode,
  provider: providerId,
  model: z.string(),
  response: z.string(),
  output: z.array(outputItem).describe("All that the model made, in order."),
  finish_reason: finishReason.nullable(),
  usage: usage.nullable(),
  code: z.string().optional(),
  detail: z.string().optional(),
  report: contextReport.nullable(),
});
export type Turn = z.infer<typeof turn>;
