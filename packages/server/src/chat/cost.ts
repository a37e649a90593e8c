import type { Cost, Price } from "@redis-memory-magic/protocol";

/** What tokens cost in US dollars; null where no price is known. */
export function costOf(price: Price | null, input: number, cached: number, output: number): Cost | null {
  if (price === null) return null;
  // Some count them beside the input instead of among it.
  const fromCache = Math.min(cached, input);
  const inputUsd = ((input - fromCache) * price.input + fromCache * price.cached_input) / 1e6;
  const outputUsd = (output * price.output) / 1e6;
  return {
    input_usd: inputUsd,
    output_usd: outputUsd,
    total_usd: inputUsd + outputUsd,
    ...(price.as_of !== undefined && { prices_as_of: price.as_of }),
  };
}
