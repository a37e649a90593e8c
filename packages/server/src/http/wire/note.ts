import type { NewNote, Note } from "@redis-memory-magic/memory";
import type { Note as ApiNote, NewNote as NewApiNote } from "@redis-memory-magic/protocol";

/** A note as the API sends it. */
export const toApiNote = ({ id, text, createdAt, source }: Note): ApiNote => ({
  id,
  text,
  created_at: createdAt.toISOString(),
  ...(source && { source: { session_id: source.sessionId, message_id: source.itemId } }),
});

/** A note as a client sends it. */
export const fromApiNote = ({ id, text, created_at, source }: NewApiNote): NewNote => ({
  text,
  ...(id !== undefined && { id }),
  ...(created_at !== undefined && { createdAt: new Date(created_at) }),
  ...(source && { source: { sessionId: source.session_id, itemId: source.message_id } }),
});
