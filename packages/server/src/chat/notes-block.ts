import type { Note } from "@redis-memory-magic/memory";
import { firstThatFit } from "./largest-that-fits.ts";
import type { SessionStore } from "./session-store.ts";
import type { TurnRequest } from "./turn-request.ts";

/** What of an owner's notes a turn is sent. */
export interface SentNotes {
  /** Oldest first. */
  readonly ids: readonly string[];
  /** How many notes the owner has. */
  readonly total: number;
}

/** The notes that a turn may be sent: none, unless its request asks for them and the turn has memory. */
export const readNotes = async (
  { notes }: SessionStore,
  body: Pick<TurnRequest, "mode" | "notes">,
): Promise<readonly Note[]> => (body.notes && body.mode === "stateful" ? notes.list() : []);

const TITLE = "Notes that the user has written for you:";

/** Tokens that notes may take. */
export const notesRoom = (budget: number): number => Math.min(Math.floor(budget / 4), 500);

/** Lists notes for the end of a system prompt, each in one line; empty without notes. */
export const notesBlock = (notes: readonly Note[]): string =>
  notes.length === 0
    ? ""
    : [TITLE, ...notes.map(({ text }) => `- ${text.trim().replaceAll(/\s+/g, " ")}`)].join("\n");

/** Puts notes at the end of a system prompt. */
export const withNotes = (system: string, block: string): string =>
  [system, block].filter((text) => text !== "").join("\n\n");

/** Returns the newest notes that fit, oldest first. */
export function notesThatFit(
  notes: readonly Note[],
  maxTokens: number,
  count: (text: string) => number,
): readonly Note[] {
  const blockOf = (newestFirst: readonly Note[]): string => notesBlock(newestFirst.toReversed());
  return firstThatFit(notes.toReversed(), maxTokens, blockOf, count).kept.toReversed();
}
