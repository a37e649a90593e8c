import { z } from "zod";
import { mode, providerId } from "./ids.ts";

/** US dollars for a million tokens. */
export const price = z.object({
  input: z.number().nonnegative(),
  cached_input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  as_of: z.string().optional().describe("The date of the price table."),
});
export type Price = z.infer<typeof price>;

const capability = z.boolean().optional();

/** What a model can do; absent where that is not known. */
export const capabilities = z.object({
  images: capability.describe("Sees images."),
  tools: capability.describe("Calls functions."),
  reasoning: capability.describe("Reasons before it answers."),
});
export type Capabilities = z.infer<typeof capabilities>;

export const modelInfo = z.object({
  id: z.string(),
  context_window: z.int().positive().nullable().describe("Tokens; null where it is not known."),
  context_window_is_maximum: z
    .literal(true)
    .optional()
    .describe("The model is not loaded yet, and may be given a smaller window."),
  price: price.nullable().describe("null where no price is known; a local model costs 0."),
  capabilities: capabilities.optional().describe("Absent where nothing is known."),
});
export type ModelInfo = z.infer<typeof modelInfo>;

export const providerStatus = z.object({
  id: providerId,
  name: z.string().describe("As the page shows it: Cloud (ChatGPT)."),
  available: z.boolean(),
  reason: z.string().optional().describe("Why it is not available."),
  action: z.string().optional().describe("What to do about it."),
  progress: z
    .object({ received_bytes: z.int().nonnegative(), total_bytes: z.int().positive() })
    .optional()
    .describe("A download that is under way."),
  settings: z
    .array(z.string())
    .describe("Fields that say how its models answer, such as temperature and seed. Others are refused."),
  default_model: z.string(),
  models: z.array(modelInfo),
});
export type ProviderStatus = z.infer<typeof providerStatus>;

export const providersResponse = z.object({
  providers: z.array(providerStatus),
  default_provider: providerId,
  default_mode: mode,
  max_message_chars: z.int().describe("Characters of a message whose answer is streamed."),
  max_image_bytes: z.int(),
  session_ttl_seconds: z.int(),
});
export type ProvidersResponse = z.infer<typeof providersResponse>;

const service = z.object({ stateless: z.boolean(), stateful: z.boolean() });

/** `GET /`, to the letter as the original had it; providers that it did not know stand beside its own. */
export const statusResponse = z.object({
  status: z.literal("running"),
  app: z.literal("Redis Memory Magic - Chat API Playground"),
  version: z.string(),
  /** The commit that runs, or "unknown". */
  revision: z.string(),
  modes: z.object({ stateless: z.string(), stateful: z.string() }),
  providers: z.record(z.string(), z.string()),
  services_available: z.record(z.string(), service),
});
