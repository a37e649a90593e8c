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
import { json, outputItem, role, safeJson } from "./items.ts";
import { truncation } from "./usage.ts";

const tokens = z
  .object({ sent: z.int(), cached: z.int(), output: z.int() })
  .describe("As the provider reported them, else as counted here.");

const entry = {
  id: z.string(),
  created_at: timestamp,
  metadata: json.optional().describe("Any JSON."),
  turn: z
    .object({
      id: turnId,
      mode,
      provider: providerId,
      model: z.string(),
      status: turnStatus,
      finish_reason: finishReason
        .optional()
        .describe("How the answer ended; absent where it did not come to its end."),
      truncation: truncation.optional(),
      sent_messages: z.int().positive().optional().describe("Messages that the model was sent."),
      recalled_messages: z
        .int()
        .positive()
        .optional()
        .describe("Messages from outside the window that it was sent too; absent: none."),
      tokens: tokens.optional(),
      total_ms: z.number().nonnegative().optional(),
    })
    .optional()
    .describe("The turn that wrote it; absent for a message that was imported or appended."),
};

/** An entry of a session. */
export const item = outputItem.extend(entry);
export type Item = z.infer<typeof item>;

/** An entry with a role. */
export const message = item.omit({ type: true }).extend({ role });
export type Message = z.infer<typeof message>;

export const messagesResponse = z.object({
  messages: z.array(message).describe("Oldest first."),
  next_before: z
    .string()
    .nullable()
    .describe("`before` of the page with the older messages; null on the first."),
});
export type MessagesResponse = z.infer<typeof messagesResponse>;

export const itemsResponse = z.object({
  items: z.array(item).describe("Oldest first."),
  next_before: z.string().nullable().describe("As of messages."),
});
export type ItemsResponse = z.infer<typeof itemsResponse>;

/** A message as a client writes it: an id and a time that it has are kept. */
export const newMessage = z.object({
  id: messageId.optional(),
  role,
  content: text,
  created_at: timestamp.optional(),
  tool_calls: z.array(z.object({ id: text, name: text, arguments: text })).optional(),
  tool_call_id: text.min(1).max(128).optional(),
  metadata: safeJson.optional().describe("Any JSON."),
  parts: safeJson.optional().describe("Its full content where text is not all of it."),
});
export type NewMessage = z.infer<typeof newMessage>;
export const appendMessagesRequest = z.object({ messages: z.array(newMessage).min(1).max(1000) });
export const appendMessagesResponse = z.object({ ids: z.array(z.string()), message_count: z.int() });

export const forkPoint = z.object({
  session_id: sessionId,
  message_id: z.string().nullable().describe("The message that the fork ends before; null: it has all."),
});

export const session = z.object({
  id: sessionId,
  title: z.string().nullable(),
  message_count: z.int().nonnegative(),
  created_at: timestamp,
  updated_at: timestamp,
  ttl_seconds: z.int().positive().describe("What each use of the session renews its life to."),
  expires_at: timestamp,
  /** The turn in progress. */
  running_turn_id: turnId.nullable(),
  root_id: sessionId
    .nullable()
    .describe("The session that its line of forks began with; null for one that is no fork."),
  forked_from: forkPoint.nullable(),
});
export type Session = z.infer<typeof session>;

export const sessionsResponse = z.object({ sessions: z.array(session), next_cursor: z.string().nullable() });
export type SessionsResponse = z.infer<typeof sessionsResponse>;

export const title = text.max(200);
/** Ten years at most. */
export const ttlSeconds = z.int().min(1).max(315_360_000);
export const sessionPatch = z
  .object({
    title: title.nullable().optional(),
    ttl_seconds: ttlSeconds.optional(),
  })
  .refine(
    (patch) => patch.title !== undefined || patch.ttl_seconds !== undefined,
    "title or ttl_seconds is required",
  );
export type SessionPatch = z.infer<typeof sessionPatch>;

export const forkRequest = z.object({
  before: messageId
    .optional()
    .describe("The new session ends before this message. Default: it has all that are settled."),
  session_id: sessionId.optional().describe("The new session's id. Made by the server when absent."),
});

export const totalsResponse = z.object({
  models: z
    .array(z.object({ provider: providerId, model: z.string(), turns: z.int().positive(), tokens }))
    .describe(
      "What the ended turns took, by who answered; answers that a retry has replaced are counted too.",
    ),
});
export type TotalsResponse = z.infer<typeof totalsResponse>;

export const storageKey = z.object({
  name: z.string(),
  type: z.string().describe("As Redis returns it: list, hash or string."),
  entries: z.int().nonnegative().describe("Messages of a list, fields of a hash, bytes of a string."),
  bytes: z
    .int()
    .nonnegative()
    .describe("What it takes of Redis' memory, estimated from a few of its entries."),
  ttl_seconds: z.int(),
});
export const storageResponse = z.object({
  keys: z.array(storageKey),
  bytes: z.int().nonnegative().describe("All of them."),
  expires_at: timestamp,
});
export type StorageResponse = z.infer<typeof storageResponse>;
