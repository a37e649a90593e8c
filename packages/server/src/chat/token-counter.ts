import type { ChatModel } from "./chat-model.ts";
import { LruMap } from "./lru-map.ts";

/** What a message costs beside its text: its role and its borders. */
export const MESSAGE_OVERHEAD = 4;

/** About four bytes of UTF-8 make a token, in most scripts. */
export const estimateTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

interface Countable {
  readonly id: string;
  readonly content: string;
}

/**
 * Tokens of messages, each counted once: by the model's own tokenizer, else estimated. An estimate learns from
 * what the provider reports of a whole context.
 */
export class TokenCounter {
  readonly #counts = new LruMap<number>(100_000);
  readonly #factors = new LruMap<number>(1000);

  /** Tokens of each message, its overhead included. `scope` tells messages of the same id apart. */
  async count(
    model: ChatModel,
    modelName: string,
    scope: string,
    messages: readonly Countable[],
  ): Promise<number[]> {
    if (model.countTokens === undefined) {
      const factor = this.#factors.get(factorKey(model, modelName)) ?? 1;
      return messages.map(({ content }) => Math.ceil(estimateTokens(content) * factor) + MESSAGE_OVERHEAD);
    }
    const keys = messages.map(({ id, content }) => `${modelName}\n${scope}\n${id}\n${content.length}`);
    const missing = keys.flatMap((key, n) => (this.#counts.get(key) === undefined ? [n] : []));
    if (missing.length > 0) {
      const counted = await model.countTokens(
        modelName,
        missing.map((n) => messages[n]?.content ?? ""),
      );
      for (const [i, n] of missing.entries()) this.#counts.set(keys[n] ?? "", counted[i] ?? 0);
    }
    return keys.map((key) => (this.#counts.get(key) ?? 0) + MESSAGE_OVERHEAD);
  }

  /** Learns from a turn that was read whole. */
  learn(model: ChatModel, modelName: string, counted: number, reported: number): void {
    if (model.countTokens !== undefined || counted === 0) return;
    const key = factorKey(model, modelName);
    const factor = this.#factors.get(key) ?? 1;
    // Slowly, because contexts differ; within bounds, because a wrong report must not unsettle everything.
    const learned = factor * (0.8 + 0.2 * (reported / counted));
    this.#factors.set(key, Math.min(2, Math.max(0.5, learned)));
  }
}

const factorKey = (model: ChatModel, modelName: string): string => `${model.id}\n${modelName}`;
