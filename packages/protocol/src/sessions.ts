import { z } from "zod";
import { mode, providerId, sessionId, timestamp, turnId, turnStatus } from "./ids.ts";

export const ROLES = ["system", "user", "assistant", "tool"] as const;
export const role = z.enum(ROLES);

export const toolCall = z.object({ id: z.string(), name: z.string(), arguments: z.string() });

export const message = z.object({
  id: z.string(),
  role,
  content: z.string(),
  created_at: timestamp,
  tool_calls: z.array(toolCall).optional(),
  tool_call_id: z.string().optional(),
  metadata: z.json().optional(),
  turn: z
    .object({
      id: turnId,
      mode,
      provider: providerId,
      model: z.string(),
      status: turnStatus,
      sent_messages: z.int().positive().optional().describe("Messages that the model was sent."),
      tokens: z
        .object({ sent: z.int(), cached: z.int(), output: z.int() })
        .optional()
        .describe("As the provider reported them, else as counted here."),
      total_ms: z.number().nonnegative().optional(),
    })
    .optional()
    .describe("The turn that wrote it; absent for a message that was imported or appended."),
});
export type Message = z.infer<typeof message>;

export const messagesResponse = z.object({
  messages: z.array(message).describe("Oldest first."),
  next_before: z
    .string()
    .nullable()
    .describe("`before` of the page with the older messages; null on the first."),
});
export type MessagesResponse = z.infer<typeof messagesResponse>;

/** A message as a client writes it: an id and a time that it has are kept. */
export const newMessage = z.object({
  id: z.string().min(1).max(128).optional(),
  role,
  content: z.string(),
  created_at: timestamp.optional(),
  tool_calls: z.array(toolCall).optional(),
  tool_call_id: z.string().min(1).max(128).optional(),
  metadata: z.json().optional(),
});
export const appendMessagesRequest = z.object({ messages: z.array(newMessage).min(1).max(1000) });
export const appendMessagesResponse = z.object({ ids: z.array(z.string()), message_count: z.int() });

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
  root_id: sessionId.nullable().describe("The session that this one's branches began from."),
  forked_from: z.object({ session_id: sessionId, message_id: z.string().nullable() }).nullable(),
});
export type Session = z.infer<typeof session>;

export const sessionsResponse = z.object({ sessions: z.array(session), next_cursor: z.string().nullable() });
export type SessionsResponse = z.infer<typeof sessionsResponse>;
export const sessionPatch = z
  .object({
    title: z.string().max(200).nullable().optional(),
    ttl_seconds: z.int().min(1).max(315_360_000).optional(),
  })
  .refine(
    (patch) => patch.title !== undefined || patch.ttl_seconds !== undefined,
    "title or ttl_seconds is required",
  );
export type SessionPatch = z.infer<typeof sessionPatch>;
export const forkRequest = z.object({ before: z.string().optional(), session_id: sessionId.optional() });

export const storageKey = z.object({
  name: z.string(),
  type: z.string(),
  entries: z.int(),
  bytes: z.int(),
  ttl_seconds: z.int(),
});
export const storageResponse = z.object({ keys: z.array(storageKey), bytes: z.int(), expires_at: timestamp });
export type StorageResponse = z.infer<typeof storageResponse>;
