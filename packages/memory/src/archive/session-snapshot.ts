import { unknownMessage, unknownSession, unknownTurn } from "../errors.ts";
import type { Script } from "../redis/script.ts";
import type { Reply, RunScript } from "../redis/script-runner.ts";
import { OPEN, READ_ENTRIES, SCAN_TURNS } from "../scripts/archive.ts";
import { READ_VECTORS } from "../scripts/search.ts";
import { READ_RECORDS } from "../scripts/turns.ts";
import { decodeInfo, type SessionInfo } from "../sessions/session-info.ts";
import { readSummaries, type Summary } from "../summary/session-summary.ts";

/** Where a fork ends. Default: at the session's last settled item. */
export interface ForkOptions {
  /** The id of an item: all before it is copied. */
  readonly before?: string;
  /** The id of a turn: all up to its last item is copied. */
  readonly through?: string;
}

/** What `…:vectors` has, and the count of changes that it had. */
export interface StoredVectors {
  readonly changes: string;
  readonly entries: readonly string[];
}

const VECTORS_AT_ONCE = 1_000;

/**
 * A session as it was when it was opened, up to its last settled message, read page by page. Messages that arrive
 * later are not in it; when it is cleared meanwhile, reading on fails with `unknown_session`.
 */
export class SessionSnapshot {
  readonly info: SessionInfo;
  readonly epoch: string;
  /** The index behind its last message. */
  readonly end: number;
  /** In ms; empty where it has none of its own. */
  readonly ownTtl: string;
  /** What is remembered of where the context window begins, or empty. */
  readonly context: string;
  readonly layout: string;
  /** As it is stored, or empty. */
  readonly metadata: string;
  readonly #run: RunScript;
  /** By Redis' clock. */
  readonly #openedAt: Date;

  private constructor(run: RunScript, info: SessionInfo, reply: Reply) {
    this.#run = run;
    this.info = info;
    this.epoch = String(reply[5]);
    this.#openedAt = new Date(reply[1]);
    this.end = Number(reply[14]);
    this.ownTtl = String(reply[15]);
    this.context = String(reply[16]);
    this.layout = String(reply[17]);
    this.metadata = String(reply[13]);
  }

  /** @throws MemoryError `unknown_session`, `unknown_message`, `unknown_turn`, `unavailable`, `damaged` */
  static async open(
    run: RunScript,
    sessionId: string,
    { before = "", through = "" }: ForkOptions = {},
  ): Promise<SessionSnapshot> {
    const reply = await run(OPEN, [before, through]);
    if (reply[0] === "unknown_message") throw unknownMessage(before);
    if (reply[0] === "unknown_turn") throw unknownTurn(through);
    const info = decodeInfo(sessionId, reply);
    if (info === null) throw unknownSession();
    return new SessionSnapshot(run, info, reply);
  }

  /** The list's entries from an index on, page by page; `0` is a message that was dropped. */
  async *pages(): AsyncGenerator<{ first: number; records: string[] }, void, void> {
    for (let first = 0; first < this.end; ) {
      const [, , ...records] = await this.#read(READ_ENTRIES, [String(first), String(this.end)]);
      yield { first, records: records.map(String) };
      first += records.length;
    }
  }

  /** Ids and records of its turns, in pages and in no order; one may come twice. */
  async *turns(): AsyncGenerator<[id: string, record: string][], void, void> {
    let cursor = "0";
    do {
      const [, , next, ...fields] = await this.#read(SCAN_TURNS, [String(this.end), cursor]);
      const page: [string, string][] = [];
      for (let i = 0; i < fields.length; i += 2) page.push([String(fields[i]), String(fields[i + 1])]);
      if (page.length > 0) yield page;
      cursor = String(next);
    } while (cursor !== "0");
  }

  /**
   * Entries of the vectors of its turns. Undefined if they cannot be read, or have changed meanwhile: they can be made
   * again. To be read before the pages, and compared after them.
   */
  async vectors(): Promise<StoredVectors | undefined> {
    let found: StoredVectors = { changes: "", entries: [] };
    for (;;) {
      const next = await this.#readVectors(found.changes, found.entries.length, VECTORS_AT_ONCE);
      if (next === undefined || next.first !== found.entries.length) return undefined;
      found = { changes: next.changes, entries: found.entries.concat(next.entries) };
      if (next.entries.length === 0 || found.entries.length >= this.end) {
        return { ...found, entries: found.entries.slice(0, this.end) };
      }
    }
  }

  /** True if no item of a turn with a vector has changed since. */
  async isUnchanged({ changes, entries }: StoredVectors): Promise<boolean> {
    const next = await this.#readVectors(changes, entries.length, 0);
    return next?.changes === changes && next.first === entries.length;
  }

  async #readVectors(changes: string, known: number, page: number) {
    const args = [Number.MAX_SAFE_INTEGER, page, this.epoch, changes, 0, known].map(String);
    try {
      const [, , epoch, itsChanges, , first, ...entries] = await this.#run(READ_VECTORS, args);
      if (epoch !== this.epoch) return undefined;
      return { changes: String(itsChanges), first: Number(first), entries: entries.map(String) };
    } catch {
      return undefined;
    }
  }

  /**
   * Summaries of what is before its end, newest first, of which no item has changed since it was opened. To be read after the
   * pages.
   */
  async summaries(): Promise<readonly Summary[]> {
    try {
      const { epoch, summaries } = await readSummaries(this.#run);
      if (epoch !== this.epoch) return [];
      return summaries.filter(({ to, createdAt }) => to <= this.end && createdAt <= this.#openedAt);
    } catch {
      return [];
    }
  }

  /** Their records, in the order of the ids; empty for a turn that was forgotten meanwhile. */
  async turnRecords(ids: readonly string[]): Promise<string[]> {
    const [, , ...records] = await this.#run(READ_RECORDS, [...ids]);
    // Or the session is gone.
    if (records.includes("")) await this.#read(READ_ENTRIES, ["0", "0"]);
    return records.map(String);
  }

  async #read(script: Script, args: string[]): Promise<Reply> {
    const reply = await this.#run(script, [this.epoch, ...args]);
    if (reply[0] === "gone") throw unknownSession();
    return reply;
  }
}
