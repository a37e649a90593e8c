import { type MemoryOptions, type NewNote, type Note, Notes } from "@redis-memory-magic/memory";
import { YEAR_SECONDS } from "@redis-memory-magic/memory/internal";
import { translated } from "../errors/memory-error.ts";
import type { StorageQuota } from "./caller.ts";

/** One owner's notes in Redis. Every method rejects with an `AppError`. */
export class NoteStore {
  readonly #notes: Notes;

  /** @param maxTtlSeconds the longest TTL that the owner's data may have */
  constructor(options: MemoryOptions, maxTtlSeconds: number) {
    this.#notes = new Notes({ ...options, ttlSeconds: Math.min(YEAR_SECONDS, maxTtlSeconds) });
  }

  /** Oldest first. */
  list(): Promise<Note[]> {
    return translated(this.#notes.list());
  }

  /**
   * Writes notes, all or none. One with the id of a note that is there replaces it.
   * @throws AppError `storage_limit_reached`
   */
  async put(notes: readonly NewNote[], quota: StorageQuota): Promise<Note[]> {
    const bytes = notes.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    const release = await quota.reserve(null, bytes);
    try {
      return await translated(this.#notes.put(notes));
    } catch (error) {
      release();
      throw error;
    }
  }

  /** False: it is not there. */
  remove(id: string): Promise<boolean> {
    return translated(this.#notes.remove(id));
  }
}
