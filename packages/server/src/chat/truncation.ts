import type { Truncation } from "@redis-memory-magic/protocol";

/**
 * Some servers drop the oldest messages without a word; the only tell is that they report to have read clearly
 * fewer tokens than they were sent. A count by the model's own tokenizer is nearly exact, an estimate is not.
 */
export function suspectTruncation(
  sent: number,
  estimated: boolean,
  read: number | null,
): Truncation | undefined {
  if (read === null) return undefined;
  const clearlyFewer = read < sent * (estimated ? 0.6 : 0.85) && sent - read > 32;
  return clearlyFewer ? { suspected: true, sent_tokens: sent, read_tokens: read } : undefined;
}
