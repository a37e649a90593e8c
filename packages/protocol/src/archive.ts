import { z } from "zod";
import {
  finishReason,
  messageId,
  mode,
  providerId,
  sessionId,
  timestamp,
  turnId,
  turnStatus,
} from "./ids.ts";
import { json } from "./items.ts";
import { forkPoint, message, newMessage, title, ttlSeconds } from "./sessions.ts";
import { truncation } from "./usage.ts";

/** What an export says it is. */
export const EXPORT_FORMAT = "redis-memory-magic";
export const EXPORT_VERSION = 1;

const count = z.int().nonnegative();
const place = count.describe("An index in messages.");
const milliseconds = z.number().nonnegative();

/** A turn that has ended, in an export. It refers to messages by their places. */
export const archivedTurn = z.object({
  id: turnId,
  status: turnStatus.exclude(["running"]),
  user_place: place,
  answer_place: place.nullable().describe("null where there is no answer, or a retry has replaced it."),
  started_at: timestamp,
  ended_at: timestamp.nullable(),
  mode,
  provider: providerId,
  model: z.string().max(1000),
  system: z.string().max(20_000).optional().describe("The system prompt, where it is not the usual one."),
  settings: json.optional().describe("What the request asked of the model beside the context."),
  client: z.record(z.string(), json).optional().describe("What the API that it came by stored with it."),
  lacks: z
    .array(z.enum(["images", "files", "tools", "output_images"]))
    .optional()
    .describe("What the model could not be sent."),
  sent: z
    .object({
      from: place,
      messages: count,
      left_out: count,
      context_window: count,
      budget: count,
      hash: z.string().max(64),
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
});
export type ArchivedTurn = z.infer<typeof archivedTurn>;

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
  }),
  messages: z
    .array(message.nullable())
    .describe("Oldest first. null keeps the place of a message that was dropped."),
  turns: z.array(archivedTurn),
});
export type SessionExport = z.infer<typeof sessionExport>;

/** What is taken over of an export's session. */
export const importedSession = z.object({
  title: title.nullish(),
  ttl_seconds: ttlSeconds.optional(),
  root_id: sessionId.nullish(),
  forked_from: z.object({ session_id: sessionId, message_id: messageId.nullable() }).nullish(),
});

/** A message of an import: as it is written, and which of the turns wrote it. */
export const importedMessage = newMessage
  .extend({ turn: z.object({ id: turnId }).optional() })
  .nullable()
  .describe("null keeps the place of a message that was dropped.");
export type ImportedMessage = z.infer<typeof importedMessage>;
