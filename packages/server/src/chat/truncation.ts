import type { Truncation } from "@redis-memory-magic/protocol";
import { contextBudget } from "./context.ts";
import type { TurnInfo } from "./turn-info.ts";

/** What is known of a turn's tokens after its answer. */
interface Reading {
  /** Tokens of the prompt as they were counted here. */
  readonly counted: number;
  /** True if no tokenizer of the model was at hand. */
  readonly estimated: boolean;
  /** Tokens of the prompt that the provider says it has read. */
  readonly read: number | null;
  readonly output: number | null;
  /** The window that the model had, where that is known. */
  readonly window: number | null;
  /** Tokens of the largest message that was sent. */
  readonly largestMessage: number;
}

/** Estimates are rarely further from the truth than this. */
const ESTIMATE_ERROR = 1.15;

/**
 * Some servers drop the oldest messages without an error. The only sign is the number of tokens that they report.
 */
export function findTruncation(reading: Reading): TurnInfo["cut"] {
  const { read, output, window } = reading;
  if (read === null) return undefined;
  if (promptWasCut(reading, read)) return { reason: "prompt_cut", window };
  const outgrown = window !== null && output !== null && read + output > window;
  return outgrown ? { reason: "window_outgrown", window } : undefined;
}

function promptWasCut({ counted, estimated, window, largestMessage }: Reading, read: number): boolean {
  // A count by the model's own tokenizer is nearly exact.
  const clearlyFewer = read < counted * (estimated ? 0.65 : 0.85) && counted - read > 32;
  if (window === null) return clearlyFewer;
  // Whole messages are dropped until the rest fits: with so much space left, none was.
  if (read + largestMessage * ESTIMATE_ERROR < window) return false;
  // The plan was to stay below the budget; reading more means that the estimate was far too low.
  const estimateWasLow = estimated && read > Math.max(contextBudget(window), counted * ESTIMATE_ERROR);
  return clearlyFewer || counted > window || estimateWasLow;
}

/** A turn's truncation as the API reports it. */
export function truncationOf({ cut, tokens }: TurnInfo): Truncation | undefined {
  if (cut === undefined || tokens === undefined) return undefined;
  const { reason, window } = cut;
  return {
    suspected: true,
    reason,
    sent_tokens: tokens.counted,
    read_tokens: tokens.reported ?? 0,
    ...(window !== null && { context_window: window }),
  };
}
