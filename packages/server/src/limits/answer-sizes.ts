import type { TurnInfo } from "../chat/conversations.ts";
import { LruMap } from "../chat/lru-map.ts";

// A usual answer, until one was seen.
const USUAL_TOKENS = 300;
// So that one long answer does not count for ever.
const FADES = 0.95;
const REMEMBERED = 1000;

/** How long a model's answers get, in tokens: what a turn reserves of the day's allowances before it has any. */
export class AnswerSizes {
  readonly #longest = new LruMap<number>(REMEMBERED);

  expected(info: TurnInfo): number {
    return Math.ceil(this.#longest.get(keyOf(info)) ?? USUAL_TOKENS);
  }

  learn(info: TurnInfo, tokens: number): void {
    this.#longest.set(keyOf(info), Math.max(tokens, (this.#longest.get(keyOf(info)) ?? 0) * FADES));
  }
}

const keyOf = ({ provider, model }: TurnInfo): string => `${provider} ${model}`;
