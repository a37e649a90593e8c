import type { ModelInfo, Price } from "@redis-memory-magic/protocol";

/** The day of the list below. */
export const PRICES_AS_OF = "2026-11-06";

interface ModelFacts {
  /**
   * The most tokens that a request may hold. Where OpenAI counts a window of which a part is kept for the
   * answer (400,000 of which 128,000; 1,050,000 of which 128,000), it is the rest.
   */
  readonly contextWindow: number;
  readonly price: Price;
}

const usd = (input: number, cached_input: number, output: number): Price => ({
  input,
  cached_input,
  output,
  as_of: PRICES_AS_OF,
});

/**
 * OpenAI's models that answer through the Responses API, the newest first: US dollars for a million tokens in
 * the standard tier, by https://developers.openai.com/api/docs/pricing. Above 272,000 tokens of input the models
 * with the longest windows cost up to twice as much, which is not in here.
 */
const MODELS: Readonly<Record<string, ModelFacts>> = {
  "gpt-6.1-sol": { contextWindow: 922_000, price: usd(2, 0.1, 10) },
  "gpt-6.1-terra": { contextWindow: 922_000, price: usd(1, 0.05, 5) },
  "gpt-6-astra": { contextWindow: 922_000, price: usd(10, 1, 50) },
  "gpt-6-sol": { contextWindow: 922_000, price: usd(2, 0.2, 10) },
  "gpt-6-luna": { contextWindow: 922_000, price: usd(0.1, 0.01, 0.5) },
  "gpt-5.6-sol": { contextWindow: 922_000, price: usd(4, 0.4, 20) },
  "gpt-5.6-terra": { contextWindow: 922_000, price: usd(2, 0.2, 12) },
  "gpt-5.6-luna": { contextWindow: 922_000, price: usd(0.2, 0.02, 1.2) },
  "gpt-5.5": { contextWindow: 922_000, price: usd(5, 0.5, 30) },
  "gpt-5.4": { contextWindow: 922_000, price: usd(2.5, 0.25, 15) },
  "gpt-5.4-mini": { contextWindow: 272_000, price: usd(0.75, 0.075, 4.5) },
  "gpt-5.4-nano": { contextWindow: 272_000, price: usd(0.2, 0.02, 1.25) },
  "gpt-5.2": { contextWindow: 272_000, price: usd(1.75, 0.175, 14) },
  "gpt-5.1": { contextWindow: 272_000, price: usd(1.25, 0.125, 10) },
  "gpt-5": { contextWindow: 272_000, price: usd(1.25, 0.125, 10) },
  "gpt-5-mini": { contextWindow: 272_000, price: usd(0.25, 0.025, 2) },
  "gpt-5-nano": { contextWindow: 272_000, price: usd(0.05, 0.005, 0.4) },
  "gpt-4.1": { contextWindow: 1_047_576, price: usd(2, 0.5, 8) },
  "gpt-4.1-mini": { contextWindow: 1_047_576, price: usd(0.4, 0.1, 1.6) },
  "gpt-4o": { contextWindow: 128_000, price: usd(2.5, 1.25, 10) },
  "gpt-4o-mini": { contextWindow: 128_000, price: usd(0.15, 0.075, 0.6) },
  o3: { contextWindow: 200_000, price: usd(2, 0.5, 8) },
};

/** The default models: the first one that the key may use. OpenAI ends gpt-5-mini on 2026-12-11. */
export const DEFAULT_MODELS = ["gpt-5-mini", "gpt-6.1-terra"] as const;

export const KNOWN_MODELS: readonly string[] = Object.keys(MODELS);

/** `null` where nothing is known. A dated snapshot (`gpt-4o-2024-08-06`) is like the model that it is one of. */
export function modelInfo(id: string): ModelInfo {
  const name = id.replace(/-\d{4}-\d{2}-\d{2}$/, "");
  const facts = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  return {
    id,
    context_window: facts?.contextWindow ?? null,
    price: facts?.price ?? null,
    ...(facts && { capabilities: { images: true, tools: true, reasoning: !name.startsWith("gpt-4") } }),
  };
}
