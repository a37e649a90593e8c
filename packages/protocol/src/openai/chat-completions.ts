import { z } from "zod";
import { extraContent, itemList, listQuery, memory, metadata, notes, otherSessions } from "./items.ts";

const part = z.looseObject({ type: z.string().max(64) });

const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: z.union([z.string(), z.array(part)], "must be a string or a list of parts").nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string(),
        function: z.looseObject({ name: z.string(), arguments: z.string() }),
        extra_content: extraContent,
      }),
    )
    .nullish(),
  tool_call_id: z.string().nullish(),
});
export type ChatMessage = z.infer<typeof message>;

/** The body of `POST /v1/chat/completions`. Fields that are not here are ignored. */
export const createCompletion = z.looseObject({
  model: z.string().min(1, "must not be empty").max(200),
  messages: z.array(message).min(1, "must not be empty"),
  session_id: z
    .string()
    .max(128)
    .nullish()
    .describe("An extension: the messages are added to this session, and the model is sent all of it."),
  memory,
  notes,
  other_sessions: otherSessions,
  store: z.boolean().nullish().describe("Default: false."),
  metadata: metadata.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)], "must be a text or a list of texts").nullish(),
  functions: z.array(z.unknown()).nullish().describe("Refused: the older form of tools."),
  logprobs: z.boolean().nullish().describe("true is refused."),
  modalities: z.array(z.string()).nullish().describe("Others than text are refused."),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  reasoning_effort: z.string().nullish(),
});
export type CreateCompletion = z.infer<typeof createCompletion>;

/** Pairs `metadata[key]=value` of the address are among the others. */
export const completionsQuery = z.looseObject({
  ...listQuery.shape,
  order: z.enum(["asc", "desc"]).default("asc"),
  model: z.string().max(200).optional(),
});
export type CompletionsQuery = z.infer<typeof completionsQuery>;

export const messagesQuery = listQuery.extend({ order: completionsQuery.shape.order });

export const updateCompletion = z.looseObject({ metadata: metadata.nullable() });

export const deletedCompletion = z.object({
  id: z.string(),
  object: z.literal("chat.completion.deleted"),
  deleted: z.literal(true),
});

export const completion = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(z.looseObject({ index: z.int(), finish_reason: z.string() })),
});
export type Completion = z.infer<typeof completion>;

export const completionList = itemList.extend({ data: z.array(completion) });
