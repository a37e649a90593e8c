import type { Price, ProviderStatus } from "@redis-memory-magic/protocol";

/** Tokens that a price is put on. */
export interface TokenCounts {
  readonly sent: number;
  /** Of those sent: read from the provider's cache. */
  readonly cached: number;
  readonly output: number;
}

/** US dollars at prices for a million tokens. */
export function costAt(price: Price, { sent, cached, output }: TokenCounts): number {
  return ((sent - cached) * price.input + cached * price.cached_input + output * price.output) / 1e6;
}

/** A model whose prices can be applied to any answer. */
export interface PricedModel {
  readonly id: string;
  readonly price: Price;
}

/** Models that cost something, the cheapest input first. */
export function pricedModels(providers: readonly ProviderStatus[]): PricedModel[] {
  return providers
    .flatMap(({ models }) => models)
    .flatMap(({ id, price }) => (price === null || price.input + price.output === 0 ? [] : [{ id, price }]))
    .toSorted((a, b) => a.price.input - b.price.input || a.id.localeCompare(b.id));
}

/** The price of a model as its provider tells it; null where it is not known. */
export function priceOf(providers: readonly ProviderStatus[], provider: string, model: string): Price | null {
  return providers.find(({ id }) => id === provider)?.models.find(({ id }) => id === model)?.price ?? null;
}
