import { createHash } from "node:crypto";
import type { IndexedMessage } from "@redis-memory-magic/memory";

export const DEFAULT_SYSTEM_PROMPT =
  "You are a helpful assistant. Use the conversation so far to answer. Keep answers short.";

/** Where a model's window is not known, and no smaller one was asked for. */
export const UNKNOWN_WINDOW = 4096;

/** Room that is kept for the answer, in tokens. */
const roomForAnswer = (window: number): number => Math.min(Math.floor(window / 4), 4096);

export const contextBudget = (window: number): number => window - roomForAnswer(window);

/**
 * Bytes of history that are read for a window, at most. A token is seldom more than 16 bytes of a record, so that
 * more than the window can hold is read, but never all of a long history.
 */
export const historyBytes = (budget: number): number => budget * 16;

export interface Context {
  /** The messages to send, the current one last. */
  readonly messages: readonly IndexedMessage[];
  /** All tokens of the payload. */
  readonly tokens: number;
  /** Tokens of its largest message. */
  readonly largestMessage: number;
  /** The index of the first message in the window, to be remembered; null: nothing was left out. */
  readonly start: number | null;
}

interface ContextInput {
  /** What was read of the session, the current message last. */
  readonly messages: readonly IndexedMessage[];
  /** Tokens of each. */
  readonly tokens: readonly number[];
  readonly systemTokens: number;
  readonly budget: number;
  /** Where the window began so far; nothing older was read. Null: at the session's beginning. */
  readonly rememberedStart: number | null;
  /** Whether that is where reading ended, and not before, where the bytes of this window did. */
  readonly complete: boolean;
}

/**
 * Chooses what a stateful turn sends. When the history no longer fits, the oldest half of the window is let go
 * at once, not a message a turn: so the beginning of what is sent stays the same for many turns, and providers
 * can cache it.
 */
export function buildContext({
  messages,
  tokens,
  systemTokens,
  budget,
  rememberedStart,
  complete,
}: ContextInput): Context {
  const current = messages.length - 1;
  const fixed = systemTokens + (tokens[current] ?? 0);
  const total = tokens.reduce((sum, count) => sum + count, systemTokens);
  // Of a turn without history nothing more was wanted.
  if (total <= budget && (complete || total === fixed))
    return { messages, tokens: total, largestMessage: largestOf(tokens), start: rememberedStart };

  let first = current;
  let kept = fixed;
  while (first > 0 && kept + (tokens[first - 1] ?? 0) <= Math.max(fixed, budget / 2)) {
    first -= 1;
    kept += tokens[first] ?? 0;
  }
  // A conversation begins with a question: an answer without it, or a tool's result without its call, is left out.
  while (
    first < current &&
    messages[first]?.message.role !== "user" &&
    messages[first]?.message.role !== "system"
  ) {
    kept -= tokens[first] ?? 0;
    first += 1;
  }
  return {
    messages: messages.slice(first),
    tokens: kept,
    largestMessage: largestOf(tokens.slice(first)),
    start: messages[first]?.index ?? null,
  };
}

// Not Math.max(...tokens): a long history is more arguments than a call can have.
const largestOf = (tokens: readonly number[]): number => tokens.reduce((a, b) => Math.max(a, b), 0);

/** A payload's fingerprint: to see that what a report shows is what was sent. */
export function hashPayload(system: string, messages: readonly { role: string; content: string }[]): string {
  const hash = createHash("sha256").update(JSON.stringify(system));
  for (const { role, content } of messages) hash.update(`${role}\n${content.length}\n${content}`);
  return hash.digest("hex").slice(0, 16);
}
