import {
  type BeginOptions,
  type IndexedItem,
  type Item,
  type Json,
  MessageHistory,
  type NewItem,
  type PeekResult,
  type SearchOptions,
  type SearchResult,
  SessionArchive,
  SessionBlobs,
  type SessionInfo,
  type SessionStorage,
  type SessionsSearchResult,
  type SessionToSearch,
  type StoredKey,
  type Summaries,
  type Summarizer,
  type SummaryOutcome,
  Turns,
  type TurnsOptions,
  type TurnUpdate,
} from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";
import { translated, translatedEach } from "../errors/memory-error.ts";
import type { StorageQuota } from "./caller.ts";
import { NoteStore } from "./note-store.ts";
import { bytesOf, itemBytes, storedBytes } from "./stored-bytes.ts";
import {
  type ArchivedSession,
  type BeginTurn,
  type BegunOrNot,
  beginningOf,
  endOf,
  type MessagePage,
  type SessionImport,
  type StoredBlob,
  type StoredTurn,
  type TurnRecord,
  withInfo,
} from "./stored-session.ts";
import { encodeTurnInfo } from "./turn-info.ts";

export interface SessionStoreOptions extends TurnsOptions {
  readonly owner: string;
  /** The longest TTL that a session may be given. Default: any. */
  readonly maxTtlSeconds?: number | undefined;
  /** Bytes that one image or file may have. */
  readonly maxBlobBytes?: number | undefined;
  /** Called before a search: what it can be made better with may have to be fetched. */
  readonly onSearch?: (() => void) | undefined;
}

const DEFAULT_BLOB_BYTES = 5 * 1024 * 1024;

// A page is held in memory until it is sent.
const PAGE_BYTES = 4 * 1024 * 1024;

interface PageOptions {
  readonly k: number;
  readonly maxTokens: number;
  readonly countTokens: (item: Item) => number;
  readonly before?: string;
}

/**
 * One owner's sessions and notes in Redis. Every method rejects with an `AppError`. A method that writes, or reads a
 * whole session, takes the caller's quota.
 */
export class SessionStore {
  readonly owner: string;
  readonly notes: NoteStore;
  readonly #history: MessageHistory;
  readonly #turns: Turns;
  readonly #archive: SessionArchive;
  readonly #blobs: SessionBlobs;
  readonly #maxTtlSeconds: number;
  readonly #onSearch: () => void;

  constructor({
    maxTtlSeconds,
    maxBlobBytes = DEFAULT_BLOB_BYTES,
    onSearch = () => {},
    ...given
  }: SessionStoreOptions) {
    const options = { ...given, recall: true };
    this.owner = options.owner;
    this.#history = new MessageHistory(options);
    this.#turns = new Turns(options);
    this.#archive = new SessionArchive(options);
    this.#blobs = new SessionBlobs({ ...options, maxBlobBytes });
    this.#onSearch = onSearch;
    this.#maxTtlSeconds = maxTtlSeconds ?? Number.POSITIVE_INFINITY;
    this.notes = new NoteStore(options, this.#maxTtlSeconds);
  }

  begin(sessionId: string, turn: BeginTurn, quota: StorageQuota): Promise<BegunOrNot> {
    const { system = "", settings, client } = turn.info;
    const input = [turn.message ?? []].flat() as NewItem[];
    const more = [settings, client].reduce((sum, one) => sum + (one ? bytesOf(JSON.stringify(one)) : 0), 0);
    const bytes = storedBytes(input) + bytesOf(system) + more;
    return this.#write(sessionId, bytes, quota, async (release) => {
      const begun = await this.#turns.begin(sessionId, { ...turn, info: encodeTurnInfo(turn.info) });
      if (begun.kind === "begun") return { ...begun, release };
      release();
      return begun;
    });
  }

  /**
   * Stores an image or a file, which counts towards the quota. Returns its id.
   * @throws AppError `body_too_large`, `storage_limit_reached`
   */
  async putBlob(
    sessionId: string,
    data: Uint8Array,
    mediaType: string,
    quota: StorageQuota,
  ): Promise<string> {
    const releases: (() => void)[] = [];
    const release = () => {
      for (const releasePiece of releases) releasePiece();
    };
    const reserve = async (bytes: number): Promise<void> => {
      releases.push(await quota.reserve(sessionId, bytes));
    };
    try {
      const { id, isNew } = await translated(this.#blobs.put(sessionId, data, { mediaType, reserve }));
      if (!isNew) release();
      return id;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** A blob of the session; null if it has no blob with this id. */
  blob(sessionId: string, blobId: string): Promise<StoredBlob | null> {
    return translated(this.#blobs.get(sessionId, blobId)).then(
      (blob) => blob && { ...blob, data: () => translatedEach(blob.data()) },
    );
  }

  /** A turn's text from a position on, then its end. Null: there is no such turn. */
  async follow(
    sessionId: string,
    turnId: string,
    options: { from: number; signal?: AbortSignal },
  ): Promise<AsyncIterable<TurnUpdate> | null> {
    const updates = await translated(this.#turns.follow(sessionId, turnId, options));
    return updates && translatedEach(updates);
  }

  async turn(sessionId: string, turnId: string): Promise<StoredTurn | null> {
    const state = await translated(this.#turns.get(sessionId, turnId));
    const record = state && withInfo(state.record);
    if (!record) return null;
    const { text, items, count, replay } = state;
    return { record, text, items, count, replay };
  }

  /** What a turn would find if it began now. Changes nothing. */
  peek(
    sessionId: string,
    options: { history: NonNullable<BeginOptions["history"]>; retryOf?: string },
  ): Promise<PeekResult> {
    return translated(this.#turns.peek(sessionId, options));
  }

  /** False: it is not running. */
  cancel(sessionId: string, turnId: string): Promise<boolean> {
    return translated(this.#turns.cancel(sessionId, turnId));
  }

  /** Null: there is no such session. */
  get(sessionId: string): Promise<SessionInfo | null> {
    return translated(this.#history.info(sessionId));
  }

  /** A page of sessions, last used first. */
  list(
    limit: number,
    cursor: string | undefined,
  ): Promise<{ sessions: SessionInfo[]; nextCursor: string | null }> {
    return translated(this.#history.listSessions({ limit, ...(cursor !== undefined && { cursor }) }));
  }

  /** The newest messages before one, oldest first. A page ends after `limit` messages or 4 MiB. */
  messages(
    sessionId: string,
    limit: number,
    before: string | undefined,
    quota: StorageQuota,
  ): Promise<MessagePage & { readonly hasMore: boolean }> {
    return this.#recent(sessionId, limit, before, quota, (options) =>
      this.#history.getRecent(sessionId, { ...options, cutAnywhere: true }),
    );
  }

  /** The same with the items that have no role. */
  items(
    sessionId: string,
    limit: number,
    before: string | undefined,
    quota: StorageQuota,
  ): Promise<MessagePage<Item> & { readonly hasMore: boolean }> {
    return this.#recent(sessionId, limit, before, quota, (options) =>
      this.#history.getRecent(sessionId, { ...options, include: "items" }),
    );
  }

  async #recent<I extends Item>(
    sessionId: string,
    limit: number,
    before: string | undefined,
    quota: StorageQuota,
    read: (options: PageOptions) => Promise<I[]>,
  ): Promise<MessagePage<I> & { readonly hasMore: boolean }> {
    // The answer counts the messages. The records of their turns are read whole, and little of them is in the answer.
    const shareOf = ({ name, bytes, entries }: StoredKey): number =>
      name.endsWith(":turns") ? (bytes / entries) * Math.min(limit, entries) : 0;
    await quota.read(() => this.#storedBytes(sessionId, shareOf));
    let bytes = 0;
    let cut = false;
    const countTokens = (item: Item): number => {
      const before = bytes;
      bytes += itemBytes(item);
      cut = before > 0 && bytes > PAGE_BYTES;
      return cut ? 1 : 0;
    };
    // One more than the page shows whether there are older messages.
    const found = await translated(
      read({ k: limit + 1, maxTokens: 0, countTokens, ...(before !== undefined && { before }) }),
    );
    const messages = found.slice(-limit);
    const hasMore = cut || found.length > limit;
    return { messages, turns: await this.#turnsOf(sessionId, messages), hasMore };
  }

  /** An item by its id in the session. Null: it is not there. */
  locate(sessionId: string, itemId: string): Promise<IndexedItem | null> {
    return translated(this.#history.locate(sessionId, itemId));
  }

  /** The session's newest item. Null: it has none. */
  async newest(sessionId: string): Promise<IndexedItem | null> {
    // Behind it there may be some that were dropped.
    const { items } = await this.peek(sessionId, { history: { maxBytes: 4096, window: "" } });
    return items.at(-1) ?? null;
  }

  /** Removes one item. False: it is not there. */
  drop(sessionId: string, itemId: string): Promise<boolean> {
    return translated(this.#history.drop(sessionId, itemId));
  }

  /** The records of turns, by their ids, without those that are not there. */
  async turnRecords(sessionId: string, turnIds: readonly string[]): Promise<ReadonlyMap<string, TurnRecord>> {
    const found = await translated(this.#turns.records(sessionId, turnIds));
    const records = found.flatMap((record) => (record && withInfo(record)) ?? []);
    return new Map(records.map((record) => [record.id, record]));
  }

  /** Items by their index, `to` excluded, without those that were dropped. */
  range(sessionId: string, from: number, to: number): Promise<IndexedItem[]> {
    return translated(this.#turns.items(sessionId, from, to));
  }

  /** What a turn began with. */
  inputOf(sessionId: string, record: TurnRecord): Promise<IndexedItem[]> {
    return this.range(sessionId, beginningOf(record), record.userIndex + 1);
  }

  /**
   * All of a session that is settled, or what it had when a turn ended. Null: it is not there, or the turn is not.
   */
  async history(
    sessionId: string,
    turnId: string | undefined,
    quota: StorageQuota,
  ): Promise<IndexedItem[] | null> {
    const info = await this.get(sessionId);
    if (info === null) return null;
    const lastTurnId = turnId ?? info.runningTurnId;
    const turn = lastTurnId === null ? null : await this.turn(sessionId, lastTurnId);
    if (turnId !== undefined && turn === null) return null;
    await quota.read(() => this.#storedBytes(sessionId));
    const end =
      turn === null
        ? Number.MAX_SAFE_INTEGER
        : turnId === undefined
          ? beginningOf(turn.record)
          : endOf(turn.record);
    return this.range(sessionId, 0, end);
  }

  /** Creates a session with its first items and its metadata. Returns when. */
  create(
    sessionId: string,
    session: {
      readonly items: readonly NewItem[];
      readonly metadata: Json;
      readonly ttlSeconds: number;
    },
    quota: StorageQuota,
  ): Promise<Date> {
    const bytes = storedBytes(session.items) + bytesOf(JSON.stringify(session.metadata));
    return this.#write(sessionId, bytes, quota, async () => {
      const { createdAt } = await this.#history.create(sessionId, session);
      return createdAt;
    });
  }

  /** The newest messages of the user, or those before an item, newest first. */
  questions(sessionId: string, options: { k: number; before?: string }): Promise<IndexedItem[]> {
    return translated(this.#history.questions(sessionId, options));
  }

  /** What models wrote of the session's beginning. */
  summaries(sessionId: string): Promise<Summaries> {
    return translated(this.#history.summaries(sessionId));
  }

  /** Lets a model sum up what stands before an item, see the library. */
  async summarize(
    sessionId: string,
    options: { readonly before: string; readonly summarizer: Summarizer },
    quota: StorageQuota,
  ): Promise<SummaryOutcome> {
    const outcome = await translated(this.#history.summarize(sessionId, options));
    if (outcome.status === "written") quota.add(sessionId, bytesOf(JSON.stringify(outcome.summary)));
    return outcome;
  }

  /** Finds earlier turns by the words of a query. */
  search(sessionId: string, query: string, options: SearchOptions): Promise<SearchResult> {
    this.#onSearch();
    return translated(this.#history.search(sessionId, query, options));
  }

  /** The same in several sessions at once. */
  searchSessions(
    sessions: readonly SessionToSearch[],
    query: string,
    options: SearchOptions,
  ): Promise<SessionsSearchResult> {
    this.#onSearch();
    return translated(this.#history.searchSessions(sessions, query, options));
  }

  append(
    sessionId: string,
    messages: readonly NewItem[],
    quota: StorageQuota,
  ): Promise<{ ids: string[]; count: number }> {
    return this.#write(sessionId, storedBytes(messages), quota, async () => {
      const added = await this.#history.addMessages(sessionId, messages);
      return { ids: added.map(({ id }) => id), count: added.at(-1)?.count ?? 0 };
    });
  }

  /** False: it is not there. */
  async rename(sessionId: string, title: string, quota: StorageQuota): Promise<boolean> {
    const found = await translated(this.#history.rename(sessionId, title));
    if (found) quota.add(sessionId, 0);
    return found;
  }

  /** Gives the session a TTL of its own. False: it is not there. */
  async expire(sessionId: string, seconds: number, quota: StorageQuota): Promise<boolean> {
    if (seconds > this.#maxTtlSeconds) {
      const message = `must be at most ${this.#maxTtlSeconds} on this server`;
      throw new AppError("invalid_request", `ttl_seconds ${message}.`, {
        errors: [{ field: "ttl_seconds", message }],
      });
    }
    const found = await translated(this.#history.expire(sessionId, seconds));
    if (found) quota.add(sessionId, 0);
    return found;
  }

  /** Sets the metadata if it still has this version. The session is created if it is not there. */
  setMetadata(sessionId: string, metadata: Json, ifVersion: number, quota: StorageQuota): Promise<number> {
    return this.#write(sessionId, bytesOf(JSON.stringify(metadata)), quota, () =>
      this.#history.setMetadata(sessionId, metadata, { ifVersion }),
    );
  }

  /** Removes the record of a turn that has ended. Returns how many turns the session still has. */
  forget(sessionId: string, turnId: string): Promise<number | "unknown" | "running"> {
    return translated(this.#turns.forget(sessionId, turnId));
  }

  /** False: it was not there. */
  clear(sessionId: string): Promise<boolean> {
    return translated(this.#history.clear(sessionId));
  }

  /** The session's keys in Redis. Null: it is not there. */
  storage(sessionId: string): Promise<SessionStorage | null> {
    return translated(this.#history.storage(sessionId));
  }

  /** Copies a session, without its running turn: all of it, the messages before one, or up to the end of a turn. */
  async fork(
    sessionId: string,
    newSessionId: string,
    options: { readonly before?: string; readonly through?: string },
    quota: StorageQuota,
  ): Promise<void> {
    const bytes = await quota.read(() => this.#storedBytes(sessionId));
    await this.#write(newSessionId, bytes, quota, () => this.#archive.fork(sessionId, newSessionId, options));
  }

  async archive(sessionId: string, quota: StorageQuota): Promise<ArchivedSession> {
    await quota.read(() => this.#storedBytes(sessionId));
    const { info, items, turns, blobs } = await translated(this.#archive.read(sessionId));
    return {
      session: info,
      items: () => this.#withTurns(sessionId, translatedEach(items())),
      blobs: () => translatedEach(blobs()),
      turns: async function* () {
        for await (const page of translatedEach(turns())) yield page.flatMap((turn) => withInfo(turn) ?? []);
      },
    };
  }

  /** Creates a session from an archive; ids and times are kept. A TTL above the server's maximum is lowered to it. */
  async restore(
    sessionId: string,
    { ttlSeconds, ...session }: SessionImport,
    quota: StorageQuota,
  ): Promise<void> {
    const turns = session.turns.map((turn) => ({ ...turn, info: encodeTurnInfo(turn.info) }));
    const blobs = session.blobs ?? [];
    const bytes =
      storedBytes(session.messages.filter((message) => message !== null)) +
      bytesOf(JSON.stringify(turns)) +
      blobs.reduce((sum, { data }) => sum + Math.ceil(data.length / 3) * 4, 0);
    const ttl = ttlSeconds !== undefined && { ttlSeconds: Math.min(ttlSeconds, this.#maxTtlSeconds) };
    await this.#write(sessionId, bytes, quota, () =>
      this.#archive.restore(sessionId, { ...session, ...ttl, turns }),
    );
  }

  async #write<Result>(
    sessionId: string,
    bytes: number,
    quota: StorageQuota,
    write: (release: () => void) => Promise<Result>,
  ): Promise<Result> {
    const release = await quota.reserve(sessionId, bytes);
    try {
      return await translated(write(release));
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @param shareOf how many bytes of a key are read; default: all */
  async #storedBytes(
    sessionId: string,
    shareOf: (key: StoredKey) => number = ({ bytes }) => bytes,
  ): Promise<number> {
    const found = await this.storage(sessionId);
    return found?.keys.reduce((sum, key) => sum + shareOf(key), 0) ?? 0;
  }

  async *#withTurns(
    sessionId: string,
    pages: AsyncIterable<readonly (Item | null)[]>,
  ): AsyncGenerator<MessagePage<Item | null>, void, void> {
    for await (const messages of pages) {
      yield { messages, turns: await this.#turnsOf(sessionId, messages) };
    }
  }

  #turnsOf(sessionId: string, messages: readonly (Item | null)[]): Promise<ReadonlyMap<string, TurnRecord>> {
    return this.turnRecords(sessionId, [...new Set(messages.flatMap((message) => message?.turnId ?? []))]);
  }
}
