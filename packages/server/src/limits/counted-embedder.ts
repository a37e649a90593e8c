import { type Embedder, OwnerQuota, type OwnerQuotaOptions } from "@redis-memory-magic/memory";
import type { BuiltInEmbedding } from "../chat/built-in-embedding.ts";
import type { LimitsConfig } from "../config/limits.ts";

/** True if some owner's stored bytes are limited, so that they have to be counted. */
export const keepsCount = ({ owner, groups }: LimitsConfig): boolean =>
  [owner, ...groups.values()].some(({ sessions, storedBytes }) => sessions !== null || storedBytes !== null);

/** What an owner's sessions are searched by meaning with. Its vectors are counted for the owner's quota, if there is one. */
export function embedderOf(model: BuiltInEmbedding, quota: OwnerQuotaOptions | undefined): Embedder {
  const counted = quota && new OwnerQuota(quota);
  return {
    model: model.id,
    dimensions: model.dimensions,
    ...(model.minSimilarity !== undefined && { minSimilarity: model.minSimilarity }),
    embed: (texts, { purpose, signal }) => model.embed(texts, purpose, signal),
    isReady: () => model.isReady,
    ...(counted && { onStored: (sessionId, bytes) => counted.grow(sessionId, bytes) }),
  };
}
