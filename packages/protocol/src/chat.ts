import { z } from "zod";
import {
  finishReason,
  memoryStrategy,
  messageId,
  mode,
  providerId,
  sessionId,
  text,
  turnId,
  turnStatus,
} from "./ids.ts";
import { outputItem } from "./items.ts";
import {
  contextTokens,
  maxOutputTokens,
  modelName,
  seed,
  systemPrompt,
  temperature,
} from "./session-settings.ts";
import { truncation, usage } from "./usage.ts";

/** Of a request for one JSON document, as the original had it. */
export const DEFAULT_MAX_MESSAGE_CHARS = 2000;
/** Of a request for an event stream, which the page makes. */
export const DEFAULT_MAX_STREAMED_MESSAGE_CHARS = 20_000;

/** Length as people count it: an emoji is one. */
export const countCodePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

export const DEFAULT_MAX_IMAGE_BYTES = 5 * 1024 * 1024;
export const MAX_ATTACHMENTS = 8;
const MAX_FILE_CHARS = 200_000;

const fileName = text.min(1).max(255);

/** What a message carries beside its text. */
const attachment = (maxImageBytes: number) =>
  z.discriminatedUnion("type", [
    z.object({
      type: z.literal("image"),
      data: z
        .base64()
        .min(1)
        .describe(`A PNG, JPEG, GIF or WebP image in Base64, of at most ${maxImageBytes} bytes.`),
      name: fileName.optional(),
    }),
    z.object({
      type: z.literal("text"),
      name: fileName,
      text: text
        .min(1)
        .max(MAX_FILE_CHARS)
        .describe("The file's text; the model reads it as part of the message."),
    }),
  ]);
export type Attachment = z.infer<ReturnType<typeof attachment>>;

const wellFormed = (text: string): boolean => text.isWellFormed();

/** The body of `POST /chat` and `POST /context-preview`; `maxMessageChars` is counted in Unicode code points. */
export const chatRequest = (
  maxMessageChars = DEFAULT_MAX_MESSAGE_CHARS,
  maxImageBytes = DEFAULT_MAX_IMAGE_BYTES,
) =>
  z
    .object({
      message: z
        .string()
        .min(1, "must not be empty")
        // A code point is one or two UTF-16 units: only the band between needs counting.
        .refine(
          (text) => text.length <= maxMessageChars || countCodePoints(text) <= maxMessageChars,
          `must be at most ${maxMessageChars} characters`,
        )
        .refine(wellFormed, "must not contain half of a surrogate pair")
        .optional()
        .describe(`The user's message, 1–${maxMessageChars} characters. Required, unless retry_of is given.`),
      attachments: z
        .array(attachment(maxImageBytes))
        .max(MAX_ATTACHMENTS)
        .optional()
        .describe("Images for models that see, and text files."),
      mode: mode.describe("stateless: the model is sent this message alone. stateful: the history too."),
      memory: memoryStrategy
        .optional()
        .describe(
          "What a stateful turn is sent of a history that does not fit. window: the newest of it. recall (the " +
            "default): also earlier turns that have words of the message. summary: also a table of contents of the " +
            "rest. recall+summary: both.",
        ),
      notes: z
        .boolean()
        .optional()
        .describe("true: a stateful turn is sent the owner's notes too, at the end of the system prompt."),
      other_sessions: z
        .boolean()
        .optional()
        .describe("true: recall also searches the owner's other sessions, the 50 that were used last."),
      not_recalled: z
        .array(messageId)
        .max(100)
        .optional()
        .describe("Ids of messages whose turns are not to be recalled for this message."),
      provider: providerId,
      session_id: sessionId.optional().describe("Made by the server when absent."),
      model: modelName.optional().describe("Default: the provider's."),
      system: systemPrompt.optional().describe("The system prompt; an empty one sends none."),
      context_tokens: contextTokens
        .optional()
        .describe("A smaller context window than the model's, to make forgetting happen."),
      temperature: temperature
        .optional()
        .describe("0: always the likeliest token. Refused for a provider that does not take it."),
      max_output_tokens: maxOutputTokens
        .optional()
        .describe("The answer ends there. Refused for a provider that does not take it."),
      seed: seed
        .optional()
        .describe("The same seed gives the same answer again, where the provider takes one."),
      retry_of: turnId.optional().describe("The session's last turn, unsuccessful, to be run anew."),
    })
    .refine((body) => body.retry_of !== undefined || body.message !== undefined, {
      path: ["message"],
      message: "is required",
    });
export type ChatRequest = z.infer<ReturnType<typeof chatRequest>>;

/** A turn's outcome: the answer of `POST /chat`, and the data of a stream's last event. */
export const chatResponse = z.object({
  response: z.string(),
  mode,
  provider: providerId,
  session_id: sessionId,
  message_count: z
    .int()
    .nonnegative()
    .describe("The messages now stored in the session, this answer included."),
  turn_id: turnId,
  model: z.string(),
  status: turnStatus,
  finish_reason: finishReason
    .nullable()
    .describe("How the answer ended; null while it runs, and where the provider did not come to its end."),
  usage: usage.nullable(),
  truncation: truncation
    .optional()
    .describe("Set when the model was probably not able to read all it was sent."),
  output: z
    .array(outputItem)
    .describe("All that the model made, in order: messages, what it thought, and tool calls."),
  stored: z.boolean().describe("false: Redis was away, and this turn is not remembered."),
});
export type ChatResponse = z.infer<typeof chatResponse>;

export const clearSessionRequest = z.object({ session_id: sessionId });
export const clearSessionResponse = z.object({ status: z.literal("success"), message: z.string() });
