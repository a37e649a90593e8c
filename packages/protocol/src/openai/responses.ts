import { z } from "zod";
import { input, memory, metadata, notes, otherSessions, outputItem } from "./items.ts";

const modelName = z.string().min(1, "must not be empty").max(200);
const options = z.looseObject({});

/** The body of `POST /v1/responses`. Fields that are not here are ignored; null stands for an absent field. */
export const createResponse = z.looseObject({
  model: modelName,
  input: input.nullish(),
  instructions: z.string().nullish().describe("For this response alone: they are not inherited."),
  prompt: options.nullish().describe("Refused: a prompt that is stored at OpenAI."),
  previous_response_id: z.string().max(2048).nullish(),
  conversation: z
    .union([z.string().max(2048), z.looseObject({ id: z.string().max(2048) })], "must be a conversation's id")
    .nullish(),
  store: z.boolean().nullish().describe("Default: true. false leaves nothing in Redis."),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  include: z.array(z.string()).nullish(),
  metadata: metadata.nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.int().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  truncation: z
    .enum(["auto", "disabled"])
    .nullish()
    .describe("auto leaves out the oldest turns if the context is too long; disabled, the default, refuses."),
  memory,
  notes,
  other_sessions: otherSessions,
  reasoning: options.extend({ effort: z.string().nullish() }).nullish(),
  text: options.extend({ format: z.looseObject({ type: z.string() }).nullish() }).nullish(),
  context_management: z
    .array(z.looseObject({ type: z.string(), compact_threshold: z.int().min(1000).nullish() }))
    .nullish(),
  service_tier: z.string().max(64).nullish(),
  prompt_cache_key: z.string().max(1024).nullish(),
  safety_identifier: z.string().max(64).nullish(),
  user: z.string().max(1024).nullish(),
});
export type CreateResponse = z.infer<typeof createResponse>;

/** What a client sends on the WebSocket of `/v1/responses`. */
export const responseCreate = createResponse.extend({
  type: z.literal("response.create"),
  stream_id: z.string().min(1).max(256).nullish(),
  generate: z.boolean().nullish(),
});
export type ResponseCreate = z.infer<typeof responseCreate>;

export const responseUsage = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({ cached_tokens: z.int(), cache_write_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ reasoning_tokens: z.int() }),
  total_tokens: z.int(),
});
export type ResponseUsage = z.infer<typeof responseUsage>;

/** A response. The fields that are not here are those of the request. */
export const response = z.looseObject({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.int(),
  status: z.enum(["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]),
  completed_at: z.int().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  incomplete_details: z.object({ reason: z.string() }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  output: z.array(outputItem),
  usage: responseUsage.nullable(),
});
export type ApiResponse = z.infer<typeof response>;

export const deletedResponse = z.object({
  id: z.string(),
  object: z.literal("response"),
  deleted: z.literal(true),
});

export const compaction = z.object({
  id: z.string(),
  object: z.literal("response.compaction"),
  created_at: z.int(),
  output: z.array(outputItem),
  usage: responseUsage,
});

export const inputTokens = z.object({
  object: z.literal("response.input_tokens"),
  input_tokens: z.int(),
});

export const model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});
export const modelList = z.object({ object: z.literal("list"), data: z.array(model) });
export type ApiModel = z.infer<typeof model>;
