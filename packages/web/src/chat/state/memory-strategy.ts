import type { MemoryStrategy } from "@redis-memory-magic/protocol";

/** The strategy of a request without one. */
export const DEFAULT_STRATEGY: MemoryStrategy = "recall";

/** True if a strategy sends earlier messages that share words or meaning with the current one. */
export const recalls = (strategy: MemoryStrategy = DEFAULT_STRATEGY): boolean => strategy.includes("recall");

/** Returns a strategy with recall or without it. */
export function withRecall(strategy: MemoryStrategy | undefined, on: boolean): MemoryStrategy {
  const isListing = strategy?.includes("summary") ?? false;
  if (isListing) return on ? "recall+summary" : "summary";
  return on ? "recall" : "window";
}
