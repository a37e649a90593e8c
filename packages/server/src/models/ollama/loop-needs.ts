import { LRUCache } from "lru-cache";
import type { AppError } from "../../errors/app-error.ts";

/** Models that something is remembered of: clients choose the names. */
const MODELS = 1000;

/** Remembers what the messages of a tool loop must have for a model, as its server said when it refused them. */
export class LoopNeeds {
  readonly #signatures = new LRUCache<string, true>({ max: MODELS });
  readonly #reasoning = new LRUCache<string, true>({ max: MODELS });

  /** True if each group of calls must begin with a signature, one that a model of Google's made or a dummy. */
  signatures(model: string): boolean {
    return this.#signatures.has(model);
  }

  /** True if each answer must have its `reasoning_content`: of DeepSeek, Kimi, MiMo. */
  reasoning(model: string): boolean {
    return this.#reasoning.has(model);
  }

  /** @returns true if the same request is worth repeating; one that lacks reasoning is planned again */
  learn({ provider }: AppError, model: string): boolean {
    const { status, message = "" } = provider ?? {};
    if (status !== 400) return false;
    if (message.includes("reasoning_content")) this.#reasoning.set(model, true);
    if (!message.includes("thought_signature") || this.signatures(model)) return false;
    this.#signatures.set(model, true);
    return true;
  }
}
