import { z } from "zod";
import { mode, providerId, sessionId, timestamp, turnId, turnStatus } from "./ids.ts";
import { role } from "./sessions.ts";
import { cost, truncation, usage } from "./usage.ts";

const count = z.int().nonnegative();

/** One message as the model was sent it. The tokens of all add up to the report's count. */
export const sentMessage = z.object({
  role,
  content: z.string(),
  tokens: count,
  message_id: z.string().nullable().describe("null for the system prompt and for a message not stored yet."),
});

/** What a turn sent, what it left out and why, and what that took. */
export const contextReport = z.object({
  messages: z.array(sentMessage).describe("The payload: exactly these, in this order."),
  left_out: z.array(
    z.object({
      reason: z.enum(["stateless", "window"]),
      messages: count,
    }),
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
  usage: usage.nullable(),
  code: z.string().optional(),
  detail: z.string().optional(),
  report: contextReport.nullable(),
});
export type Turn = z.infer<typeof turn>;
