import type { ProviderStatus } from "@redis-memory-magic/protocol";
import type { ShownMessage } from "../state/shown-message.ts";

/** What a row of the conversation can ask for. */
export interface RowActions {
  readonly providers: readonly ProviderStatus[];
  /** What a message may have. */
  readonly maxChars: number;
  /** The turn of the answer that is pointed at; null: none is. */
  readonly point: (turnId: string | null) => void;
  readonly onInspect: (turnId: string) => void;
  /** Goes another way from this message on: with `text` in its place. */
  readonly onBranch: (message: ShownMessage, text: string) => void;
  /** Answers the question of a turn again, as a branch. */
  readonly onRegenerate: (turnId: string) => void;
  readonly onRetry: () => void;
  readonly onResend: (message: ShownMessage) => void;
  /** Takes a refused message back into the composer. */
  readonly onEditRefused: (message: ShownMessage) => void;
}
