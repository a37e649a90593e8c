import type { Price, ProviderStatus } from "@redis-memory-magic/protocol";

/** Token counts to which a price applies. */
export interface TokenCounts {
  readonly sent: number;
  /** The part of `sent` that was read from the provider's cache. */
  readonly cached: number;
  readonly output: number;
}

/** Returns US dollars; prices are per million tokens. */
export function costAt(price: Price, { sent, cached, output }: TokenCounts): number {
  return ((sent - cached) * price.input + cached * price.cached_input + output * price.output) / 1e6;
}

/** A model with prices that can be applied to any answer. */
export interface PricedModel {
  readonly id: string;
  readonly price: Price;
}

/** Returns the models that cost something, the cheapest input first. */
export function pricedModels(providers: readonly ProviderStatus[]): PricedModel[] {
  return providers
    .flatMap(({ models }) => models)
    .flatMap(({ id, price }) => (price === null || price.input + price.output === 0 ? [] : [{ id, price }]))
    .toSorted((a, b) => a.price.input - b.price.input || a.id.localeCompare(b.id));
}

/** Returns the price of a model; null if it is unknown. */
export function priceOf(providers: readonly ProviderStatus[], provider: string, model: string): Price | null {
  return providers.find(({ id }) => id === provider)?.models.find(({ id }) => id === model)?.price ?? null;
}
