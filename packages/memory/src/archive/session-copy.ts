import { type BlobData, type BlobInfo, encodePieces, type StoredBlob } from "../blobs/blob-pieces.ts";
import { MemoryError, sessionExists } from "../errors.ts";
import type { Script } from "../redis/script.ts";
import type { Reply } from "../redis/script-runner.ts";
import { COPY_BLOB, COPY_ENTRIES, COPY_TURNS, COPY_VECTORS, FINISH_COPY } from "../scripts/archive.ts";
import { encodeSummary, type Summary } from "../summary/session-summary.ts";
import { assertFields, assertText } from "../validate.ts";

// `bytes`: of a blob that was read.
const BLOB_FIELDS = new Set(["id", "mediaType", "data", "bytes"]);

/** Runs a script on the session that is made. Whether it may run twice without harm stands last. */
type Run = (script: Script, args: string[], repeatable: boolean) => Promise<Reply>;

export interface Entry {
  /** As it stands in the list; `0` for a message that was dropped. */
  readonly record: string;
  /** An id that a caller gave, to be found by. */
  readonly id?: string | undefined;
}

/** A blob to be copied. */
export interface CopiedBlob extends Pick<BlobInfo, "id" | "mediaType"> {
  readonly data: BlobData;
}

const VECTORS_AT_ONCE = 1_000;

/**
 * A session that is made of many pages. Nobody sees it before `finish`, which shows all of it at once; one that is
 * never finished expires within a minute of its last page. An id that is in use is refused with `session_exists`.
 */
export class SessionCopy {
  readonly #run: Run;
  #length = 0;
  #blobBytes = 0;
  #summaries: readonly Summary[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  async addEntries(entries: readonly Entry[]): Promise<void> {
    const args = entries.flatMap(({ record, id = "" }) => [record, id]);
    refuse(await this.#run(COPY_ENTRIES, [String(this.#length), ...args], true));
    this.#length += entries.length;
  }

  async addTurns(turns: readonly (readonly [id: string, record: string])[]): Promise<void> {
    refuse(await this.#run(COPY_TURNS, turns.flat(), true));
  }

  /** Entries of `…:vectors`, from the first one on. */
  async addVectors(entries: readonly string[]): Promise<void> {
    for (let from = 0; from < entries.length; from += VECTORS_AT_ONCE) {
      const page = entries.slice(from, from + VECTORS_AT_ONCE);
      refuse(await this.#run(COPY_VECTORS, [String(from), ...page], true));
    }
  }

  /** Summaries of its beginning, newest first. They are shown with the rest. */
  addSummaries(summaries: readonly Summary[]): void {
    this.#summaries = summaries;
  }

  /** @throws TypeError for a blob whose id is not that of its data */
  async addBlob(blob: CopiedBlob): Promise<void> {
    assertFields("a blob", blob, BLOB_FIELDS);
    const { id, mediaType, data } = blob;
    assertText("mediaType", mediaType);
    const add = (field: string, value: string) =>
      this.#run(COPY_BLOB, [field, value, String(this.#blobBytes)], true);
    const found = await encodePieces(data, Number.POSITIVE_INFINITY, async (piece, number) => {
      await add(`${id}:${number}`, piece);
    });
    const { bytes, pieces, last } = found;
    if (found.id !== id) throw new TypeError(`The blob ${JSON.stringify(id)} has the data of another one`);
    await add(`${id}:${pieces - 1}`, last);
    this.#blobBytes += bytes;
    const stored: StoredBlob = { id, mediaType, bytes, pieces };
    await add(id, JSON.stringify(stored));
  }

  /**
   * Shows it. Fields that are empty are left out.
   * @returns the session's TTL in ms
   */
  async finish(
    meta: { readonly epoch: string; readonly v: string } & Readonly<Record<string, string>>,
  ): Promise<number> {
    const fields = Object.entries(meta).filter(([, value]) => value !== "");
    const summaries = this.#summaries.toReversed().flatMap((one) => [String(one.to), encodeSummary(one)]);
    const args = [String(this.#length), String(summaries.length / 2), ...summaries, ...fields.flat()];
    const reply = await this.#run(FINISH_COPY, args, false);
    refuse(reply);
    return Number(reply[2]);
  }
}

function refuse([status]: Reply): void {
  if (status === "taken") {
    throw sessionExists();
  }
  if (status === "lost") throw new MemoryError("unavailable", "Copying the session took too long");
}
