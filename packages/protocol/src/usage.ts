import { z } from "zod";

const tokens = z.int().nonnegative();

/** Tokens as the provider reported them. `null` where it reported none. */
export const usage = z.object({
  input_tokens: tokens,
  cached_tokens: tokens.optional(),
  output_tokens: tokens,
});
export type Usage = z.infer<typeof usage>;

/** Set when the provider read clearly fewer tokens than it was sent. */
export const truncation = z.object({
  suspected: z.literal(true),
  sent_tokens: tokens,
  read_tokens: tokens,
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
