import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { AppError } from "../errors/app-error.ts";
import type { ChatModel } from "./chat-model.ts";
import { addComposition, addText, type Composition, newComposition } from "./text-composition.ts";
import { correctedRates, initialRates, type TokenRates, tokensOf } from "./token-rates.ts";

/** What a message costs beside its text: its role and its borders. */
export const MESSAGE_OVERHEAD = 4;

/** What a prompt consisted of, to be compared with the tokens that its provider reports. */
export interface EstimatedPrompt {
  readonly composition: Composition;
  readonly messages: number;
}

/** The rates that a model began with, and what they are now. */
interface LearntRates {
  readonly initial: TokenRates;
  now: TokenRates;
}

/**
 * Tokens of messages, each counted once: by the model's own tokenizer, else estimated. An estimate learns from
 * what the provider reports of a whole context.
 */
export class TokenCounter {
  // With `max` the cache would take room for all of them at once, when each server starts.
  readonly #counts = new LRUCache<string, number>({ maxSize: 100_000, sizeCalculation: () => 1 });
  readonly #rates = new LRUCache<string, LearntRates>({ max: 1000 });
  /** Of the texts that were counted last, so many characters: a turn counts the history of the one before it again. */
  readonly #compositions = new LRUCache<string, Composition>({
    maxSize: 1_000_000,
    maxEntrySize: 50_000,
    sizeCalculation: (_, text) => text.length + 100,
  });
  #lastRates: { readonly key: string; readonly rates: LearntRates } | undefined;

  /** Tokens of each text as a message, its overhead included. */
  async count(model: ChatModel, modelName: string, texts: readonly string[]): Promise<number[]> {
    if (model.countTokens === undefined) return this.#estimate(model, modelName, texts);
    try {
      return await this.#countExactly(model.countTokens.bind(model), modelName, texts);
    } catch (error) {
      // A server that does not count now may still answer.
      if (error instanceof AppError) return this.#estimate(model, modelName, texts);
      throw error;
    }
  }

  /** Estimates the tokens of a text as a message, at once. */
  estimate(model: ChatModel, modelName: string, text: string): number {
    return this.#estimate(model, modelName, [text])[0] ?? 0;
  }

  /**
   * Keeps what a provider's report is worth comparing with; undefined where the tokens are known exactly.
   * @param blocks what was counted alone, and is now the beginning of a text, before a line break
   */
  describe(
    model: ChatModel,
    texts: readonly string[],
    blocks: readonly string[] = [],
  ): EstimatedPrompt | undefined {
    if (model.countTokens !== undefined) return undefined;
    const composition = newComposition();
    for (const text of texts) {
      const block = blocks.find((block) => text.startsWith(block)) ?? text;
      addComposition(composition, this.#compositionOf(block));
      addText(composition, text, block.length);
    }
    return { composition, messages: texts.length };
  }

  /** Learns from a prompt that was read whole. */
  learn(model: ChatModel, modelName: string, prompt: EstimatedPrompt | undefined, read: number): void {
    if (prompt === undefined) return;
    const { composition, messages } = prompt;
    const textTokens = read - messages * MESSAGE_OVERHEAD;
    const known = this.#ratesOf(model, modelName);
    known.now = correctedRates(known.now, known.initial, composition, textTokens);
  }

  #estimate(model: ChatModel, modelName: string, texts: readonly string[]): number[] {
    const { now: rates } = this.#ratesOf(model, modelName);
    return texts.map((text) => Math.ceil(tokensOf(this.#compositionOf(text), rates)) + MESSAGE_OVERHEAD);
  }

  #compositionOf(text: string): Composition {
    let composition = this.#compositions.get(text);
    if (composition === undefined) {
      composition = newComposition();
      addText(composition, text);
      this.#compositions.set(text, composition);
    }
    return composition;
  }

  #ratesOf(model: ChatModel, modelName: string): LearntRates {
    const key = `${model.id}\n${modelName}`;
    // A turn asks for the same ones many times.
    if (this.#lastRates?.key === key) return this.#lastRates.rates;
    const rates = this.#rates.get(key) ?? newRates(modelName);
    this.#rates.set(key, rates);
    this.#lastRates = { key, rates };
    return rates;
  }

  async #countExactly(
    countTokens: NonNullable<ChatModel["countTokens"]>,
    modelName: string,
    texts: readonly string[],
  ): Promise<number[]> {
    // A hash costs less than a microsecond, is short however long the text is, and no two sessions' texts share one.
    const keys = texts.map((text) => `${modelName}\n${hash("sha256", text, "base64")}`);
    const missing = keys.flatMap((key, n) => (this.#counts.get(key) === undefined ? [n] : []));
    if (missing.length > 0) {
      const counted = await countTokens(
        modelName,
        missing.map((n) => texts[n] ?? ""),
      );
      for (const [i, n] of missing.entries()) this.#counts.set(keys[n] ?? "", counted[i] ?? 0);
    }
    return keys.map((key) => (this.#counts.get(key) ?? 0) + MESSAGE_OVERHEAD);
  }
}

function newRates(modelName: string): LearntRates {
  const initial = initialRates(modelName);
  return { initial, now: initial };
}
