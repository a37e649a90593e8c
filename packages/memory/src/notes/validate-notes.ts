import { assertFields, assertId, assertText } from "../validate.ts";
import type { NewNote } from "./note.ts";

export const MAX_NOTES = 50;
const MAX_CHARACTERS = 200;

const FIELDS = new Set(["id", "text", "createdAt", "source"]);
const SOURCE_FIELDS = new Set(["sessionId", "itemId"]);

/** @throws TypeError */
export function assertNotes(notes: unknown): asserts notes is readonly NewNote[] {
  if (!Array.isArray(notes) || notes.length === 0)
    throw new TypeError("notes must be a list with at least one");
  for (const note of notes as NewNote[]) {
    assertFields("a note", note, FIELDS);
    const { id, text, createdAt, source } = note;
    assertText("text", text);
    if (text.trim() === "") throw new TypeError("text must not be empty");
    if (text.length > MAX_CHARACTERS && [...text].length > MAX_CHARACTERS)
      throw new TypeError(`text must be at most ${MAX_CHARACTERS} characters`);
    if (id !== undefined) assertId("id", id);
    const isTime = createdAt instanceof Date && Number.isSafeInteger(createdAt.getTime());
    if (createdAt !== undefined && !isTime) throw new TypeError("createdAt must be a valid Date");
    if (source === undefined) continue;
    assertFields("source", source, SOURCE_FIELDS);
    assertId("source.sessionId", source.sessionId);
    assertId("source.itemId", source.itemId);
  }
}
