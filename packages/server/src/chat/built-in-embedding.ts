import type { EmbeddingPurpose } from "@redis-memory-magic/memory";

/**
 * What a vector is made for: the library's two purposes, or a `request` of an API's client. That is a query which
 * comes after recall's own.
 */
export type EmbeddingUse = EmbeddingPurpose | "request";

/** The built-in embedding model, as recall and the API use it. */
export interface BuiltInEmbedding {
  readonly id: string;
  readonly dimensions: number;
  /** The similarity from which on a turn is worth being recalled without the query's words. */
  readonly minSimilarity?: number;
  /** True if its files are on disk, as far as is known. */
  readonly isReady: boolean;
  /** Fetches what is missing, in the background: resolves when that has ended, and never rejects. */
  prepare(): Promise<void>;
  /**
   * Returns a vector for each text. Of a long text only the beginning counts.
   * @throws AppError `provider_unavailable`, `provider_broke_off`; the signal's reason
   */
  embed(texts: readonly string[], purpose: EmbeddingUse, signal: AbortSignal): Promise<Float32Array[]>;
  close(): Promise<void>;
}
