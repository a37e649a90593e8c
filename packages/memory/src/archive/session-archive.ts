import { blobIdsIn } from "../blobs/blob-id.ts";
import { SessionBlobs } from "../blobs/session-blobs.ts";
import { unknownSession } from "../errors.ts";
import { givenId } from "../history/item-record.ts";
import type { MemoryOptions } from "../options.ts";
import { newEpoch } from "../redis/epoch.ts";
import { stagingKeys } from "../redis/keys.ts";
import { SessionScripts } from "../redis/session-scripts.ts";
import { assertFields, assertId } from "../validate.ts";
import { type ArchivedSession, archivedSession } from "./archived-session.ts";
import { SessionCopy } from "./session-copy.ts";
import { encodeSession, type SessionImport } from "./session-import.ts";
import { type ForkOptions, SessionSnapshot } from "./session-snapshot.ts";

const PAGE = 500;
const FORK_FIELDS = new Set(["before", "through"]);

/**
 * Whole sessions: to fork one, to read it out and to restore it. Only what is settled of a session counts: the
 * message of a turn that is running does not, nor does what stands behind it. A new session appears whole or not at
 * all, however long it is, and each message has the index that it had, so that what turns refer to stays right.
 *
 * Wrong arguments are a `TypeError`, everything else a `MemoryError`; every method may throw one with the code
 * `unavailable`, `damaged` or `newer_layout`.
 */
export class SessionArchive {
  readonly #scripts: SessionScripts;
  readonly #blobs: SessionBlobs;

  constructor(options: MemoryOptions) {
    this.#scripts = new SessionScripts(options);
    this.#blobs = new SessionBlobs(options);
  }

  /**
   * Makes a session of another one's messages: of all, of those before one, or of those up to the end of a turn; and of
   * the turns that wrote them. It takes over the title and a TTL of its own; later changes of one session do not
   * change the other. Ids given by callers are kept; the other messages get new ones.
   *
   * @example
   * await new SessionArchive({ client }).fork("session_1", "session_2", { before: message.id });
   *
   * @throws MemoryError `unknown_session`, `unknown_message`, `unknown_turn`, `session_exists`
   */
  async fork(sessionId: string, newSessionId: string, options: ForkOptions = {}): Promise<void> {
    assertFields("options", options, FORK_FIELDS);
    const { before, through } = options;
    if (before !== undefined) assertId("before", before);
    if (through !== undefined) assertId("through", through);
    const copy = this.#copy(newSessionId);
    const epoch = newEpoch();
    const source = await this.#open(sessionId, options);
    const vectors = await source.vectors();
    const blobIds = new Set<string>();
    for await (const { first, records } of source.pages()) {
      for (const record of records) for (const id of blobIdsIn(record)) blobIds.add(id);
      // By the new epoch: a record may give the id that followed from its index in the source.
      const idOf = (record: string, n: number) => givenId(record, first + n, epoch);
      await copy.addEntries(records.map((record, n) => ({ record, id: idOf(record, n) })));
    }
    for await (const page of source.turns()) await copy.addTurns(page);
    for (const id of blobIds) {
      const blob = await this.#blobs.get(sessionId, id);
      if (blob) await copy.addBlob({ id, mediaType: blob.mediaType, data: blob.data() });
    }
    if (vectors && (await source.isUnchanged(vectors))) await copy.addVectors(vectors.entries);
    copy.addSummaries(await source.summaries());
    const ttl = await copy.finish({
      v: source.layout,
      epoch,
      title: source.info.title ?? "",
      ttl: source.ownTtl,
      context: source.context,
      metadata: source.metadata,
      root: source.info.rootId ?? sessionId,
      parent: sessionId,
      before: before ?? "",
    });
    this.#scripts.index.touch(newSessionId, ttl, true);
  }

  /**
   * Reads a session whole, page by page.
   *
   * @example
   * const { info, messages } = await new SessionArchive({ client }).read("session_1");
   * console.log(info.title);
   * for await (const page of messages()) console.log(page.map((message) => message?.content ?? "(dropped)"));
   *
   * @throws MemoryError `unknown_session`, also while it is read on
   */
  async read(sessionId: string): Promise<ArchivedSession> {
    const blobs = this.#blobs;
    return archivedSession(await this.#open(sessionId), async function* () {
      for (const { id } of await blobs.list(sessionId)) {
        const blob = await blobs.get(sessionId, id);
        if (blob === null) throw unknownSession();
        yield blob;
      }
    });
  }

  /**
   * Makes a session of what was read of one. Ids and times are kept; it counts as created now.
   *
   * @example
   * const archive = new SessionArchive({ client });
   * const { messages } = await archive.read("session_1");
   * await archive.restore("session_2", { messages: (await Array.fromAsync(messages())).flat() });
   *
   * @throws MemoryError `duplicate_id`, `session_exists`
   */
  async restore(sessionId: string, session: SessionImport): Promise<void> {
    const { layout, epoch, entries, turns, metadata } = encodeSession(session);
    const { title = "", ttlSeconds, rootId = "", forkedFrom } = session;
    const copy = this.#copy(sessionId);
    for (let from = 0; from < entries.length; from += PAGE) {
      await copy.addEntries(entries.slice(from, from + PAGE));
    }
    for (let from = 0; from < turns.length; from += PAGE) {
      await copy.addTurns(turns.slice(from, from + PAGE));
    }
    let hasBlobs = false;
    for await (const blob of session.blobs ?? []) {
      hasBlobs = true;
      await copy.addBlob(blob);
    }
    const isUsual = ttlSeconds === undefined || ttlSeconds * 1000 === this.#scripts.ttlMs;
    const ttl = await copy.finish({
      v: hasBlobs ? "2" : layout,
      epoch,
      title,
      ttl: isUsual ? "" : String(ttlSeconds * 1000),
      metadata: metadata === "" ? "" : `1:${metadata}`,
      root: rootId,
      parent: forkedFrom?.sessionId ?? "",
      before: forkedFrom?.messageId ?? "",
    });
    this.#scripts.index.touch(sessionId, ttl, true);
  }

  #open(sessionId: string, end: ForkOptions = {}): Promise<SessionSnapshot> {
    const keys = this.#scripts.keys(sessionId).all;
    // Reading changes nothing but the end of a turn whose writer is gone.
    return SessionSnapshot.open(
      (script, args) => this.#scripts.run(script, keys, args, true),
      sessionId,
      end,
    );
  }

  #copy(sessionId: string): SessionCopy {
    const keys = this.#scripts.keys(sessionId);
    const all = [...keys.all, ...stagingKeys(keys, newEpoch())];
    return new SessionCopy((script, args, repeatable) => this.#scripts.run(script, all, args, repeatable));
  }
}
