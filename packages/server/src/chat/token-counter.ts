import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { ChatModel } from "./chat-model.ts";

/** What a message costs beside its text: its role and its borders. */
export const MESSAGE_OVERHEAD = 4;

/** About four bytes of UTF-8 make a token, in most scripts. */
export const estimateTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

/** What a provider read of a context, beside what had been counted of it, and by which factor if that was an estimate. */
interface Reading {
  readonly counted: number;
  readonly factor: number;
  readonly read: number;
}

/**
 * Tokens of messages, each counted once: by the model's own tokenizer, else estimated. An estimate learns from
 * what the provider reports of a whole context.
 */
export class TokenCounter {
  readonly #counts = new LRUCache<string, number>({ max: 100_000 });
  readonly #factors = new LRUCache<string, number>({ max: 1000 });

  /** Tokens of each text as a message, its overhead included. */
  async count(model: ChatModel, modelName: string, texts: readonly string[]): Promise<number[]> {
    if (model.countTokens === undefined) {
      const factor = this.factorOf(model, modelName);
      return texts.map((text) => Math.ceil(estimateTokens(text) * factor) + MESSAGE_OVERHEAD);
    }
    // A hash costs less than a microsecond, is short however long the text is, and no two sessions' texts share one.
    const keys = texts.map((text) => `${modelName}\n${hash("sha256", text, "base64")}`);
    const missing = keys.flatMap((key, n) => (this.#counts.get(key) === undefined ? [n] : []));
    if (missing.length > 0) {
      const counted = await model.countTokens(
        modelName,
        missing.map((n) => texts[n] ?? ""),
      );
      for (const [i, n] of missing.entries()) this.#counts.set(keys[n] ?? "", counted[i] ?? 0);
    }
    return keys.map((key) => (this.#counts.get(key) ?? 0) + MESSAGE_OVERHEAD);
  }

  /** What estimates are multiplied by now. */
  factorOf(model: ChatModel, modelName: string): number {
    return this.#factors.get(factorKey(model, modelName)) ?? 1;
  }

  /** Learns from a turn that was read whole. Others may have taught since it was counted. */
  learn(model: ChatModel, modelName: string, { counted, factor, read }: Reading): void {
    if (model.countTokens !== undefined || counted === 0) return;
    // Slowly, because contexts differ; within bounds, because a wrong report must not unsettle everything.
    const right = Math.min(2, Math.max(0.5, factor * (read / counted)));
    const learned = 0.8 * this.factorOf(model, modelName) + 0.2 * right;
    this.#factors.set(factorKey(model, modelName), learned);
  }
}

const factorKey = (model: ChatModel, modelName: string): string => `${model.id}\n${modelName}`;
