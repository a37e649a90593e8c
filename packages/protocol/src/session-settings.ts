import { z } from "zod";
import { memoryStrategy, mode, providerId, text } from "./ids.ts";

/** A system prompt; an empty one sends none. */
export const systemPrompt = text.max(20_000);
export const modelName = text.min(1).max(200);
export const contextTokens = z.int().min(16).max(10_000_000);
export const temperature = z.number().min(0).max(2);
export const maxOutputTokens = z.int().min(1).max(10_000_000);
export const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** How a session's next message is to be answered: the fields of the same names of `POST /chat`. */
export const sessionSettings = z.object({
  mode: mode.optional(),
  memory: memoryStrategy.optional(),
  provider: providerId.optional(),
  model: modelName.optional(),
  system: systemPrompt.optional(),
  context_tokens: contextTokens.optional(),
  temperature: temperature.optional(),
  max_output_tokens: maxOutputTokens.optional(),
  seed: seed.optional(),
});
export type SessionSettings = z.infer<typeof sessionSettings>;

export const sessionSettingsPatch = z
  .object({
    mode: mode.nullable(),
    memory: memoryStrategy.nullable(),
    provider: providerId.nullable(),
    model: modelName.nullable(),
    system: systemPrompt.nullable(),
    context_tokens: contextTokens.nullable(),
    temperature: temperature.nullable(),
    max_output_tokens: maxOutputTokens.nullable(),
    seed: seed.nullable(),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "at least one setting is required");
export type SessionSettingsPatch = z.infer<typeof sessionSettingsPatch>;
