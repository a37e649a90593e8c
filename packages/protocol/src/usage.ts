import { z } from "zod";

const tokens = z.int().nonnegative();

/** Tokens as the provider reported them. `null` where it reported none. */
export const usage = z.object({
  input_tokens: tokens,
  cached_tokens: tokens.optional(),
  output_tokens: tokens,
});
export type Usage = z.infer<typeof usage>;

/** Set when the model was probably not able to read all that it was sent. */
export const truncation = z.object({
  suspected: z.literal(true),
  reason: z
    .enum(["prompt_cut", "window_outgrown"])
    .describe(
      "prompt_cut: it read less than it was sent. window_outgrown: prompt and answer are longer than its window.",
    ),
  sent_tokens: tokens,
  read_tokens: tokens,
  context_window: tokens.optional().describe("The window that the model really had, where it is known."),
});
export type Truncation = z.infer<typeof truncation>;

/** US dollars, by the price table of the date named. `null` where the model has no price (a local one costs nothing: 0). */
export const cost = z.object({
  input_usd: z.number().nonnegative(),
  output_usd: z.number().nonnegative(),
  total_usd: z.number().nonnegative(),
  prices_as_of: z.string().optional(),
});
export type Cost = z.infer<typeof cost>;
