import { z } from "zod";
import { countCodePoints } from "./chat.ts";
import { messageId, sessionId, text, timestamp } from "./ids.ts";
import { searchQuery } from "./search.ts";

export const MAX_NOTES = 50;
export const MAX_NOTE_CHARS = 200;

const noteText = text
  .refine((value) => value.trim() !== "", "must not be empty")
  .refine(
    (value) => value.length <= MAX_NOTE_CHARS || countCodePoints(value) <= MAX_NOTE_CHARS,
    `must be at most ${MAX_NOTE_CHARS} characters`,
  )
  .describe(`1–${MAX_NOTE_CHARS} characters.`);

const source = z
  .object({ session_id: sessionId, message_id: messageId })
  .describe("The message that it was taken from, which may be gone since.");

/** A text that is kept for all of an owner's sessions. */
export const note = z.object({
  id: messageId,
  text: noteText,
  created_at: timestamp,
  source: source.optional(),
});
export type Note = z.infer<typeof note>;

export const notesQuery = z.object({ q: searchQuery.optional() });
export const notesResponse = z.object({ notes: z.array(note).describe("Oldest first.") });
export type NotesResponse = z.infer<typeof notesResponse>;

const newNote = z.object({
  id: messageId.optional().describe("That of a note that it replaces. Made by the server when absent."),
  text: noteText,
  created_at: timestamp.optional().describe("Default: now."),
  source: source.optional(),
});
export type NewNote = z.infer<typeof newNote>;

/** An answer of `GET /notes` is such a body, too. */
export const notesRequest = z.object({ notes: z.array(newNote).min(1).max(MAX_NOTES) });
