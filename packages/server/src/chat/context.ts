import { hash } from "node:crypto";
import type { IndexedItem } from "@redis-memory-magic/memory";
import type { ContextItem, ContextMessage } from "./context-item.ts";
import type { Recalled } from "./recall.ts";
import type { SentContents } from "./table-of-contents.ts";

export const DEFAULT_SYSTEM_PROMPT =
  "You are a helpful assistant. Use the conversation so far to answer. Keep answers short.";

/** Where a model's window is not known, and no smaller one was asked for. */
export const UNKNOWN_WINDOW = 4096;

/** Room that is kept for the answer, in tokens. */
const roomForAnswer = (window: number): number => Math.min(Math.floor(window / 4), 4096);

export const contextBudget = (window: number): number => window - roomForAnswer(window);

/** The smallest window with this budget. */
export const windowOf = (budget: number): number => Math.min(Math.ceil((budget * 4) / 3), budget + 4096);

/**
 * Bytes of history that are read for a window, at most. A token is seldom more than 16 bytes of a record, so that
 * more than the window can hold is read, but never all of a long history.
 */
export const historyBytes = (budget: number): number => budget * 16;

export interface Context {
  /** The items to send, the current one last. */
  readonly items: readonly IndexedItem[];
  /** All tokens of the payload. */
  readonly tokens: number;
  /** Tokens of its largest item. */
  readonly largestMessage: number;
  /** The index of the first item in the window, to be remembered; null: nothing was left out. */
  readonly start: number | null;
  /** Lists what is outside the window; absent: it was not asked for, or nothing is. */
  readonly contents?: SentContents;
  /** What was recalled from outside the window; absent: nothing was searched. */
  readonly recalled?: Recalled;
}

/** How many items of a session the context leaves out; 0 for a turn that is not stored. */
export const leftOutOf = (count: number, { items, recalled }: Context): number =>
  Math.max(0, count - items.length - (recalled?.items ?? 0));

/** Tokens that recalled turns may take. */
export const recallRoom = (budget: number): number => Math.min(Math.floor(budget / 4), 1024);

interface ContextInput {
  /** What was read of the session, the turn's input last. */
  readonly items: readonly IndexedItem[];
  /** Tokens of each. */
  readonly tokens: readonly number[];
  /** How many of them are the turn's input. */
  readonly inputCount: number;
  readonly systemTokens: number;
  readonly budget: number;
  /** Where the window began so far; nothing older was read. Null: at the session's beginning. */
  readonly rememberedStart: number | null;
  /** Whether that is where reading ended, and not before, where the bytes of this window did. */
  readonly complete: boolean;
  /** Tokens that are kept for what tells of messages outside the window, as soon as there are some. */
  readonly reserved: number;
}

/** A window smaller than this (in tokens) is used to show how memory works: there, caching does not matter. */
const SMALL_WINDOW = 512;

/**
 * Chooses what a stateful turn sends. When the history no longer fits, the oldest half of the window is let go
 * at once, not a message a turn: so the beginning of what is sent stays the same for many turns, and providers
 * can cache it. Of a small window only what does not fit is let go: people watch it there, question by question.
 */
export function buildContext({
  items,
  tokens,
  inputCount,
  systemTokens,
  budget,
  rememberedStart,
  complete,
  reserved,
}: ContextInput): Context {
  const current = beginOfTurn(items, inputCount);
  const fixed = tokens.slice(current).reduce((sum, count) => sum + count, systemTokens);
  const total = tokens.reduce((sum, count) => sum + count, systemTokens);
  const roomForWindow = budget - reserved;
  // Of a turn without history nothing more was wanted.
  if (total <= (rememberedStart === null ? budget : roomForWindow) && (complete || total === fixed))
    return { items, tokens: total, largestMessage: largestOf(tokens), start: rememberedStart };

  const room = budget < contextBudget(SMALL_WINDOW) ? roomForWindow : budget / 2;
  let first = current;
  let kept = fixed;
  while (first > 0 && kept + (tokens[first - 1] ?? 0) <= Math.max(fixed, room)) {
    first -= 1;
    kept += tokens[first] ?? 0;
  }
  // A conversation begins with a question: an answer without it, or a tool's result without its call, is left out.
  while (first < current && !BEGINNINGS.has(items[first]?.item.role)) {
    kept -= tokens[first] ?? 0;
    first += 1;
  }
  return {
    items: items.slice(first),
    tokens: kept,
    largestMessage: largestOf(tokens.slice(first)),
    start: items[first]?.index ?? null,
  };
}

/** A turn that brings the outputs of tools belongs to the question that the tools were called for. */
export function beginOfTurn(items: readonly IndexedItem[], inputCount: number): number {
  const input = Math.max(0, items.length - inputCount);
  if (items[input]?.item.toolCallId === undefined) return input;
  const question = items.findLastIndex(({ item }, n) => n < input && item.role === "user");
  return question < 0 ? input : question;
}

const BEGINNINGS: ReadonlySet<string | undefined> = new Set(["user", "system"]);

// Not Math.max(...tokens): a long history is more arguments than a call can have.
const largestOf = (tokens: readonly number[]): number => tokens.reduce((a, b) => Math.max(a, b), 0);

/** A payload's fingerprint: to see that what a report shows is what was sent. */
export function hashPayload(system: string, items: readonly ContextItem[]): string {
  let payload = JSON.stringify(system);
  for (const item of items) payload += isText(item) ? textToHash(item) : JSON.stringify(item);
  return hash("sha256", payload).slice(0, 16);
}

const isText = (item: ContextItem): item is ContextMessage =>
  item.type === undefined &&
  item.parts === undefined &&
  item.phase === undefined &&
  item.reasoning === undefined;

const textToHash = ({ role, content }: ContextMessage): string => `${role}\n${content.length}\n${content}`;
