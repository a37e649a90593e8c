import { z } from "zod";
import {
  finishReason,
  messageId,
  mode,
  providerId,
  sessionId,
  text,
  timestamp,
  turnId,
  turnStatus,
} from "./ids.ts";
import { itemType, role, safeJson } from "./items.ts";
import { sessionSettings } from "./session-settings.ts";
import { forkPoint, item, newMessage, session, title, ttlSeconds } from "./sessions.ts";
import { contentsFailure, noSummary, recallFailure } from "./turns.ts";
import { truncation } from "./usage.ts";

/** What an export says it is. */
export const EXPORT_FORMAT = "redis-memory-magic";
export const EXPORT_VERSION = 2;
/** Those that can be imported. Version 1 has messages only, without parts. */
export const IMPORT_VERSIONS = [1, EXPORT_VERSION] as const;

const count = z.int().nonnegative();
const place = count.describe("An index in messages.");
const MAX_TURN_ITEMS = 1000;
/** Messages that a table of contents lists at most. */
export const MAX_LISTED = 50;
/** More do not fit into the tokens that a recall may have. */
const MAX_RECALLED = 200;
const milliseconds = z.number().nonnegative();

/**
 * What a model or its provider's API cannot take; `loose_arguments`: a call whose arguments are no JSON object;
 * `bare_answers`: an answer without the reasoning that came before it.
 */
export const lack = z.enum(["images", "files", "tools", "output_images", "loose_arguments", "bare_answers"]);
export type Lack = z.infer<typeof lack>;

/** What a request asked of the model beside the context. */
const modelSettings = z
  .object({
    tools: z
      .array(
        z.object({
          name: text,
          description: text.optional(),
          parameters: z.record(text, safeJson).optional(),
          strict: z.boolean().optional(),
        }),
      )
      .readonly(),
    toolChoice: z.union([z.enum(["auto", "none", "required"]), z.object({ name: text })]),
    parallelToolCalls: z.boolean(),
    responseFormat: z.discriminatedUnion("type", [
      z.object({ type: z.literal("json_object") }),
      z.object({
        type: z.literal("json_schema"),
        name: text,
        schema: z.record(text, safeJson),
        description: text.optional(),
        strict: z.boolean().optional(),
      }),
    ]),
    temperature: z.number(),
    topP: z.number(),
    seed: z.int(),
    maxOutputTokens: z.int(),
    stop: z.array(text).readonly(),
    reasoningEffort: text,
  })
  .partial();

/** A turn that has ended, in an export. It refers to messages by their places. */
export const archivedTurn = z.object({
  id: turnId,
  status: turnStatus.exclude(["running"]),
  user_place: place,
  answer_place: place.nullable().describe("null where there is no answer, or a retry has replaced it."),
  input_count: z
    .int()
    .positive()
    .max(MAX_TURN_ITEMS)
    .optional()
    .describe("Items of its input, up to user_place. Default: 1."),
  output_count: z
    .int()
    .positive()
    .max(MAX_TURN_ITEMS)
    .optional()
    .describe("Items of its output, from answer_place on. Default: 1."),
  started_at: timestamp,
  ended_at: timestamp.nullable(),
  mode,
  provider: providerId,
  model: z.string().max(1000),
  system: z.string().optional().describe("The system prompt, where it is not the usual one."),
  settings: modelSettings.optional().describe("What the request asked of the model beside the context."),
  client: z.record(z.string(), safeJson).optional().describe("What the API that it came by stored with it."),
  lacks: z.array(lack).optional().describe("What the model could not be sent."),
  sent: z
    .object({
      from: place,
      messages: count,
      left_out: count,
      recalled: count.optional().describe("Messages from outside the window that were quoted; absent: none."),
      context_window: count,
      budget: count,
      hash: z.string().max(64),
      notes: z
        .object({ ids: z.array(messageId).max(1000).readonly(), total: count })
        .optional()
        .describe("The owner's notes that were sent, and how many there were."),
      contents: z
        .object({
          listed: z.array(place).max(MAX_LISTED).readonly(),
          summary: z
            .union([place, noSummary])
            .optional()
            .describe(
              "The place that a model's summary ended before, or why there was none. Exports omit its text.",
            ),
          failed: contentsFailure.optional(),
        })
        .optional()
        .describe("The places of the messages that the table of contents listed."),
      recall: z
        .object({
          turns: z
            .array(
              z.object({
                session: sessionId
                  .optional()
                  .describe("The other session of the owner that it is in; absent: this one."),
                from: place,
                to: place,
                passage: z
                  .object({ index: place, from: count, to: count })
                  .optional()
                  .describe("The message and the characters of it that were quoted; absent: the whole turn."),
                score: z.number(),
                similarity: z.number().optional(),
                terms: z
                  .array(z.object({ term: z.string().max(1000), weight: z.number() }))
                  .max(1000)
                  .readonly(),
              }),
            )
            .max(MAX_RECALLED)
            .readonly(),
          searched: count,
          total: count,
          sessions: count.optional().describe("Other sessions that were searched; absent: none was to be."),
          matched: count,
          ms: z.number(),
          failed: recallFailure.optional(),
        })
        .optional()
        .describe("What was recalled from outside the window: the places of turns, best first."),
    })
    .optional()
    .describe("What the model was sent: messages from this place up to the user's."),
  tokens: z
    .object({
      counted: z.int(),
      reported: count.nullable(),
      cached: count.nullable(),
      output: count.nullable(),
    })
    .optional(),
  times: z.object({ first_token_ms: milliseconds.nullable(), total_ms: milliseconds }).optional(),
  error: z.object({ code: z.string().max(100), detail: z.string().max(10_000) }).optional(),
  finish_reason: finishReason.exclude(["complete"]).optional(),
  cut: z
    .object({ reason: truncation.shape.reason, context_window: z.int().positive().nullable() })
    .optional(),
  replaced_response: z.string().optional().describe("The text of an answer that a retry has replaced."),
  replaced_output: z
    .array(
      item
        .omit({ turn: true })
        .extend({
          ...newMessage.shape,
          id: messageId,
          created_at: timestamp,
          role: role.optional(),
          type: z.union([z.literal("message"), itemType]),
          tool_call_id: text.optional(),
        })
        .refine(({ type, role }) => role !== undefined || type !== "message", {
          path: ["role"],
          message: "must be there",
        }),
    )
    .max(MAX_TURN_ITEMS)
    .optional()
    .describe("Its items, where it was more than one message of text."),
});
export type ArchivedTurn = z.infer<typeof archivedTurn>;

/** An item in an export. A message has a role and no type. */
export const exportedItem = item.partial({ type: true });
export type ExportedItem = z.infer<typeof exportedItem>;

export const archivedBlob = z.object({
  id: z.string().regex(/^sha256-[\w-]{43}$/, "must be a blob's id: sha256- and 43 characters"),
  media_type: z.string().max(200),
  data: z.base64().describe("Base64"),
});
export type ArchivedBlob = z.infer<typeof archivedBlob>;

/** `GET /sessions/{id}/export`: a session whole, to be read by people and imported again. */
export const sessionExport = z.object({
  format: z.literal(EXPORT_FORMAT),
  version: z.literal(EXPORT_VERSION),
  session: z.object({
    id: sessionId,
    title: z.string().nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    ttl_seconds: z.int().positive(),
    root_id: sessionId.nullable(),
    forked_from: forkPoint.nullable(),
    settings: sessionSettings.optional().describe("How its next message is to be answered."),
  }),
  messages: z
    .array(exportedItem.nullable())
    .describe("All items, oldest first. null keeps the place of one that was dropped."),
  turns: z.array(archivedTurn),
  blobs: z.array(archivedBlob).describe("Images and files that the items refer to by their ids."),
});
export type SessionExport = z.infer<typeof sessionExport>;

/** What is taken over of an export's session. */
export const importedSession = z.object({
  title: title.nullish(),
  ttl_seconds: ttlSeconds.optional(),
  settings: sessionSettings.optional(),
  root_id: sessionId.nullish(),
  forked_from: z.object({ session_id: sessionId, message_id: messageId.nullable() }).nullish(),
});

/** A message of an import: as it is written, and which of the turns wrote it. */
export const importedMessage = newMessage
  .extend({
    role: role.optional().describe("Of a message."),
    type: itemType.optional().describe("Of an item without a role."),
    content: text.optional(),
    // As long as models and proxies make them.
    tool_call_id: text.optional(),
    turn: z.object({ id: turnId }).optional(),
  })
  .refine(({ role, type }) => role !== undefined || type !== undefined, {
    path: ["role"],
    message: "must be there, or a type",
  })
  .refine(({ role, content }) => role === undefined || content !== undefined, {
    path: ["content"],
    message: "must be a string",
  })
  .nullable()
  .describe("null keeps the place of a message that was dropped.");
export type ImportedMessage = z.infer<typeof importedMessage>;

/** The answer of an import: the first session that was made, and what became of all. */
export const importResponse = session.extend({
  report: z.object({
    sessions: z.array(session.pick({ id: true, title: true, message_count: true })),
    left_out: z
      .array(z.object({ what: z.string(), count }))
      .describe("What was not taken, in words for people; empty: all was taken."),
  }),
});
export type ImportResponse = z.infer<typeof importResponse>;
