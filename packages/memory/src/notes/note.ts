/** A text that is kept for all of an owner's sessions. */
export interface Note {
  readonly id: string;
  readonly text: string;
  readonly createdAt: Date;
  /** The item that it was taken from, which may be gone since. */
  readonly source?: NoteSource;
}

export interface NoteSource {
  readonly sessionId: string;
  readonly itemId: string;
}

/** A note to be written. */
export interface NewNote extends Omit<Note, "id" | "createdAt"> {
  /** That of a note that it replaces. Made when absent. */
  readonly id?: string;
  /** Default: now. */
  readonly createdAt?: Date;
}

/** A note in Redis: layout version, text, time in ms, and where it was taken from. */
type NoteRecord = readonly [1, string, number, sessionId?: string, itemId?: string];

export const encodeNote = ({ text, createdAt, source }: Note): string => {
  const record: NoteRecord = [1, text, createdAt.getTime()];
  return JSON.stringify(source ? [...record, source.sessionId, source.itemId] : record);
};

/** Undefined: another version or program wrote it. */
export function decodeNote(id: string, record: string): Note | undefined {
  const fields = parse(record);
  if (!Array.isArray(fields)) return undefined;
  const [version, text, time, sessionId, itemId] = fields as unknown[];
  const createdAt = new Date(Number(time));
  if (version !== 1 || typeof text !== "string" || Number.isNaN(createdAt.getTime())) return undefined;
  const hasSource = typeof sessionId === "string" && typeof itemId === "string";
  return { id, text, createdAt, ...(hasSource && { source: { sessionId, itemId } }) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
