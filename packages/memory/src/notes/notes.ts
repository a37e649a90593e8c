import { MemoryError } from "../errors.ts";
import { type MemoryOptions, resolveOptions } from "../options.ts";
import { notesKey } from "../redis/keys.ts";
import type { Script } from "../redis/script.ts";
import { type Reply, ScriptRunner } from "../redis/script-runner.ts";
import { LIST_NOTES, PUT_NOTES, REMOVE_NOTE } from "../scripts/notes.ts";
import { assertId } from "../validate.ts";
import { decodeNote, encodeNote, type NewNote, type Note } from "./note.ts";
import { assertNotes, MAX_NOTES } from "./validate-notes.ts";

/** The TTL of notes, unless another one is given. */
export const YEAR_SECONDS = 365 * 86_400;

/**
 * What an owner wants a model to know in every conversation: at most 50 texts of 200 characters. They outlive the
 * sessions that they come from, and expire when they have not been used for `ttlSeconds`, here a year by default.
 *
 * @example
 * const notes = new Notes({ client, owner: "alice" });
 * const [note] = await notes.put([{ text: "I am allergic to nuts." }]);
 * console.log(await notes.list(), await notes.remove(note.id));
 */
export class Notes {
  readonly #runner: ScriptRunner;
  readonly #keys: string[];
  readonly #ttlMs: string;

  /** @throws TypeError for options that are none */
  constructor(options: MemoryOptions) {
    const { client, name, owner, ttlMs, timeoutMs } = resolveOptions({
      ...options,
      ttlSeconds: options.ttlSeconds ?? YEAR_SECONDS,
    });
    this.#runner = new ScriptRunner(client, timeoutMs);
    this.#keys = [notesKey(name, owner)];
    this.#ttlMs = String(ttlMs);
  }

  /**
   * Returns all notes, oldest first. A record that this version cannot read is left out.
   * @throws MemoryError `unavailable`, `damaged`
   */
  async list(): Promise<Note[]> {
    const [, , ...entries] = await this.#run(LIST_NOTES, []);
    const notes: Note[] = [];
    for (let n = 0; n < entries.length; n += 2) {
      const note = decodeNote(String(entries[n]), String(entries[n + 1]));
      if (note !== undefined) notes.push(note);
    }
    return notes.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
  }

  /**
   * Writes notes, all or none. A note with the id of one that is there replaces it; without an id, one is made.
   * @throws TypeError; MemoryError `too_many`, `unavailable`, `damaged`
   */
  async put<const New extends readonly NewNote[]>(notes: New): Promise<{ -readonly [N in keyof New]: Note }> {
    assertNotes(notes);
    const written = notes.map(({ id = crypto.randomUUID(), createdAt = new Date(), ...note }) => ({
      ...note,
      id,
      createdAt,
    }));
    const entries = written.flatMap((note) => [note.id, encodeNote(note)]);
    const [status] = await this.#run(PUT_NOTES, [String(MAX_NOTES), ...entries]);
    if (status === "refused") throw new MemoryError("too_many", `There can be ${MAX_NOTES} notes at most`);
    return written as { -readonly [N in keyof New]: Note };
  }

  /** Removes a note. False: it is not there. @throws TypeError; MemoryError `unavailable`, `damaged` */
  async remove(id: string): Promise<boolean> {
    assertId("id", id);
    const [status] = await this.#run(REMOVE_NOTE, [id]);
    return status === "ok";
  }

  #run(script: Script, args: string[]): Promise<Reply> {
    return this.#runner.runWithoutDeadline(script, this.#keys, [this.#ttlMs, ...args]);
  }
}
