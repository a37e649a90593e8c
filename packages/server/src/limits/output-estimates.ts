import { LRUCache } from "lru-cache";
import type { TurnInfo } from "../chat/turn-info.ts";

const DEFAULT_TOKENS = 300;
// The longest answer counts less with each turn, so one outlier does not last.
const DECAY = 0.95;
const MODELS = 1000;

/** Estimates how many tokens a model's next answer needs: about as many as its longest recent one. */
export class OutputEstimates {
  readonly #longest = new LRUCache<string, number>({ max: MODELS });

  estimate(info: TurnInfo): number {
    return Math.ceil(this.#longest.get(keyOf(info)) ?? DEFAULT_TOKENS);
  }

  learn(info: TurnInfo, tokens: number): void {
    const key = keyOf(info);
    this.#longest.set(key, Math.max(tokens, (this.#longest.get(key) ?? 0) * DECAY));
  }
}

const keyOf = ({ provider, model }: TurnInfo): string => `${provider} ${model}`;
