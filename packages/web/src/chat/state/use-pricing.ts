import type { Price, ProviderStatus } from "@redis-memory-magic/protocol";
import { useMemo } from "react";
import { formatCost } from "../../texts/format.ts";
import { t } from "../../texts/texts.ts";
import { costAt, pricedModels, priceOf, type TokenCounts } from "./pricing.ts";
import { useSettings } from "./settings.ts";

/** The prices to show: each model's own, or one model's for all. */
export interface Pricing {
  /** The model whose prices are applied to everything. */
  readonly as: string | null;
  price(of: { provider: string; model: string }): Price | null;
  /** Adds the model whose prices are applied to everything: "$0.0004 as gpt-5-nano". */
  withModel(text: string): string;
  /** Returns "$0.0004", "free", or null if no price is known. */
  format(of: { provider: string; model: string }, tokens: TokenCounts): string | null;
}

export function usePricing(providers: readonly ProviderStatus[]): Pricing {
  const { pricedAs } = useSettings();
  return useMemo(() => {
    const chosen = pricedModels(providers).find(({ id }) => id === pricedAs);
    const price: Pricing["price"] = ({ provider, model }) =>
      chosen?.price ?? priceOf(providers, provider, model);
    return {
      as: chosen?.id ?? null,
      price,
      withModel: (text) => (chosen === undefined ? text : t.common.asModel(text, chosen.id)),
      format(of, tokens) {
        const known = price(of);
        if (known === null) return null;
        return known.input + known.output === 0 ? t.common.free : formatCost(costAt(known, tokens));
      },
    };
  }, [providers, pricedAs]);
}
