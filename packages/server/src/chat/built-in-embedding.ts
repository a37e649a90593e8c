/**
 * A query is marked differently from what it is compared with, and a search waits for it. A `request` is a query of an
 * API's client, which comes after recall's own.
 */
export type EmbeddingPurpose = "query" | "passage" | "request";

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
  embed(texts: readonly string[], purpose: EmbeddingPurpose, signal: AbortSignal): Promise<Float32Array[]>;
  close(): Promise<void>;
}
