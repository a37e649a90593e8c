import type { ProviderStatus } from "@redis-memory-magic/protocol";
import type { ShownMessage } from "../state/shown-message.ts";

/** The actions of a row of the conversation. */
export interface RowActions {
  readonly sessionId: string;
  readonly providers: readonly ProviderStatus[];
  /** Maximum number of characters of a message. */
  readonly maxChars: number;
  /** Reports the turn of the answer under the pointer; null: none. */
  readonly hover: (turnId: string | null) => void;
  readonly onInspect: (turnId: string) => void;
  /** Starts a branch at this message, with `text` in its place. */
  readonly onBranch: (message: ShownMessage, text: string) => void;
  /** Opens the notes with a new one that begins with this message; null where that is not offered. */
  readonly onKeep: ((message: ShownMessage) => void) | null;
  /** Answers a turn's question again, in a branch. */
  readonly onRegenerate: (turnId: string) => void;
  /** Shows the same question answered without and with memory; null where that is not offered. */
  readonly onCompareMemory: ((turnId: string) => void) | null;
  /** Stores the messages again that Redis no longer has. */
  readonly onPutBack: () => void;
  readonly onRetry: () => void;
  /** Asks the model to go on with an answer that was cut. */
  readonly onContinue: () => void;
  readonly onResend: (message: ShownMessage) => void;
  /** Moves a refused message back into the composer. */
  readonly onEditRefused: (message: ShownMessage) => void;
}

/**
 * True if a message has the actions of one that Redis has. When Redis has it no longer they are disabled and keep their
 * places, so that no message moves.
 */
export const wasInRedis = ({ id, delivery }: ShownMessage): boolean =>
  id !== null && (delivery === "stored" || delivery === "gone");
