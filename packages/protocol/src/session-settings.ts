import { z } from "zod";
import { memoryStrategy, mode, providerId, text } from "./ids.ts";

/** A system prompt; an empty one sends none. */
export const systemPrompt = text.max(20_000);
export const modelName = text.min(1).max(200);
export const contextTokens = z.int().min(16).max(10_000_000);

/** How a session's next message is to be answered: the fields of the same names of `POST /chat`. */
export const sessionSettings = z.object({
  mode: mode.optional(),
  memory: memoryStrategy.optional(),
  provider: providerId.optional(),
  model: modelName.optional(),
  system: systemPrompt.optional(),
  context_tokens: contextTokens.optional(),
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
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "at least one setting is required");
export type SessionSettingsPatch = z.infer<typeof sessionSettingsPatch>;
