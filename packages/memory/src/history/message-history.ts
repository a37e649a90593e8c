import { byteLength } from "../bytes.ts";
import { duplicateId, MemoryError, sessionExists, unknownMessage } from "../errors.ts";
import { sha1 } from "../hash.ts";
import type { MemoryOptions } from "../options.ts";
import { newEpoch } from "../redis/epoch.ts";
import type { SessionKeys } from "../redis/keys.ts";
import type { Script } from "../redis/script.ts";
import type { Reply, RunScript } from "../redis/script-runner.ts";
import { SessionScripts } from "../redis/session-scripts.ts";
import {
  ADD,
  CLEAR,
  CREATE,
  DROP,
  GET,
  INFO,
  RECENT,
  REPLACE,
  REPLACE_FROM,
  SET_METADATA,
  UPDATE,
} from "../scripts/history.ts";
import { STORAGE } from "../scripts/storage.ts";
import type { Embedder } from "../search/embedder.ts";
import type { SearchOptions, SearchResult } from "../search/search-session.ts";
import type { SessionsSearchResult, SessionToSearch } from "../search/search-sessions.ts";
import { SessionSearch } from "../search/session-search.ts";
import { type SessionVectors, type VectorSession, vectorsOf } from "../search/session-vectors.ts";
import { encodeAllTerms } from "../search/terms.ts";
import { decodeInfo, type SessionInfo } from "../sessions/session-info.ts";
import { decodeStorage, type SessionStorage } from "../sessions/session-storage.ts";
import { readSummaries, type Summaries } from "../summary/session-summary.ts";
import { type Summarizer, type SummaryOutcome, writeSummary } from "../summary/write-summary.ts";
import {
  assertChange,
  assertCount,
  assertFields,
  assertId,
  assertJson,
  assertPositiveInteger,
  assertText,
  assertTtl,
} from "../validate.ts";
import { type Item, type ItemTypes, isMessage, type Json, type Message, type NewItem } from "./item.ts";
import { decodeItem, encodeRecord } from "./item-record.ts";
import { type AddedMessage, addedMessages, newItemArguments } from "./new-items.ts";
import { readRange } from "./read-range.ts";
import { type Page, type RecentItemsOptions, type RecentOptions, readRecent } from "./recent.ts";

/** Options of `MessageHistory`. */
export interface MessageHistoryOptions extends MemoryOptions {
  /** Called for each record that is not an item's (another program wrote it). It is skipped. */
  readonly onDamaged?: (damaged: { sessionId: string; index: number }) => void;
  /**
   * True if the terms that `search` finds items by are stored when the items are appended. Default: the next search
   * stores those of all items that came since the last one.
   */
  readonly recall?: boolean;
  /**
   * Makes `search` find turns by their meaning, too. Their vectors are made in the background after an append, and never
   * delay it or make it fail; a search without them, or without the embedder, finds turns by their words.
   */
  readonly embedder?: Embedder;
}

/** What is to be changed of an item: the fields that are given. */
export type ItemChange<T extends ItemTypes = ItemTypes> = Partial<
  Pick<Item<T>, "content" | "parts" | "toolCalls" | "toolCallId" | "metadata">
>;

const SEARCHED_FIELDS = new Set(["sessionId", "before"]);
// Of one item, so many changes at the same time are more than any program makes.
const MAX_TRIES = 100;
export const MAX_METADATA_BYTES = 65_536;

const scriptsOfHistories = new WeakMap<object, SessionScripts>();

/** What a history runs its scripts with, for adapters that have scripts of their own. */
export const scriptsOf = (history: MessageHistory): SessionScripts =>
  scriptsOfHistories.get(history) as SessionScripts;

/**
 * Conversations in Redis. Every write is one atomic script in one round trip that also renews the TTL of the
 * whole session; items stand in the order in which they arrived at Redis.
 *
 * A session is a list of items: messages, which have a role, and others, such as reasoning and function calls.
 * `messages` and `getRecent` return messages; `items` and `getRecent` with `include` or `for` return all.
 *
 * Wrong arguments are a `TypeError`, everything else a `MemoryError`; in both cases nothing was written (but see
 * `unavailable`). Every method may throw one with the code `unavailable`, `damaged` or `newer_layout`.
 *
 * @template T the types of `metadata` and `parts`, if they are known
 *
 * @example
 * const history = new MessageHistory({ client });
 * await history.addMessage("session_1", { role: "user", content: "My name is Bob" });
 * const messages = await history.getRecent("session_1", { k: 5 });
 */
export class MessageHistory<T extends ItemTypes = ItemTypes> {
  readonly #scripts: SessionScripts;
  readonly #onDamaged: MessageHistoryOptions["onDamaged"];
  readonly #recall: boolean;
  readonly #search: SessionSearch;
  readonly #vectors: SessionVectors | undefined;

  constructor(options: MessageHistoryOptions) {
    this.#scripts = new SessionScripts(options);
    scriptsOfHistories.set(this, this.#scripts);
    this.#onDamaged = options.onDamaged;
    this.#recall = options.recall === true;
    this.#vectors = vectorsOf(options);
    this.#search = new SessionSearch(options.client, this.#vectors);
  }

  /**
   * Appends a message or another item. Its id and time are the caller's, if given.
   *
   * @example
   * const { id, count, createdAt } = await history.addMessage("session_1", {
   *   role: "user",
   *   content: "My name is Bob",
   *   metadata: { channel: "web" },
   * });
   *
   * @throws MemoryError `duplicate_id`
   */
  async addMessage(sessionId: string, message: NewItem<T>): Promise<AddedMessage> {
    const [added] = await this.addMessages(sessionId, [message]);
    return added as AddedMessage;
  }

  /**
   * Appends messages and other items in their order, at most 10,000: all of them or, if one is refused, none.
   *
   * @example
   * await history.addMessages("session_1", [
   *   { role: "assistant", content: "", toolCalls: [{ id: "call_1", name: "now", arguments: "{}" }] },
   *   { role: "tool", content: "12:00", toolCallId: "call_1" },
   *   { type: "reasoning", content: "It is noon", parts: { encrypted_content: "…" } },
   * ]);
   *
   * @throws MemoryError `duplicate_id`
   */
  async addMessages(sessionId: string, messages: readonly NewItem<T>[]): Promise<AddedMessage[]> {
    const args = newItemArguments(messages as readonly NewItem[]);
    const keys = this.#keys(sessionId);
    if (messages.length === 0) return [];
    const fresh = newEpoch();
    const reply = await this.#run(ADD, keys, [fresh, this.#encodeTerms(messages), ...args]);
    if (reply[0] === "duplicate") throw duplicateId(reply[2]);
    const [, now, ttl, epoch] = reply;
    const [first, count] = [Number(reply[4]), Number(reply[5])];
    this.#scripts.index.touch(sessionId, Number(ttl), epoch === fresh);
    this.#vectors?.schedule(this.#searched(sessionId));
    const indexOf = (n: number) => first + n;
    return addedMessages(messages as readonly NewItem[], { epoch: String(epoch), now, count, indexOf });
  }

  /**
   * Creates a session at once: its items, at most 10,000; a TTL of its own; metadata of the version 1.
   *
   * @example
   * const created = await history.create("session_1", { metadata: { topic: "Names" }, ttlSeconds: 30 * 86_400 });
   * console.log(created.createdAt, created.added.length);
   *
   * @throws MemoryError `duplicate_id`, `session_exists`
   */
  async create(
    sessionId: string,
    options: {
      readonly items?: readonly NewItem<T>[];
      readonly ttlSeconds?: number;
      readonly metadata?: Json;
    } = {},
  ): Promise<{ readonly createdAt: Date; readonly added: readonly AddedMessage[] }> {
    assertFields("options", options, new Set(["items", "ttlSeconds", "metadata"]));
    const { items = [], ttlSeconds, metadata } = options;
    const args = newItemArguments(items as readonly NewItem[]);
    if (ttlSeconds !== undefined) assertTtl("ttlSeconds", ttlSeconds);
    const epoch = newEpoch();
    const reply = await this.#run(
      CREATE,
      this.#keys(sessionId),
      [
        epoch,
        this.#encodeTerms(items),
        ttlSeconds === undefined ? "" : String(ttlSeconds * 1000),
        metadata === undefined ? "" : metadataJson(metadata),
        ...args,
      ],
      true,
    );
    if (reply[0] === "taken") throw sessionExists();
    if (reply[0] === "duplicate") throw duplicateId(reply[2]);
    const now = reply[1];
    this.#scripts.index.touch(sessionId, Number(reply[2]), true);
    this.#vectors?.schedule(this.#searched(sessionId));
    const made = { epoch, now, count: items.length, indexOf: (n: number) => n };
    return { createdAt: new Date(now), added: addedMessages(items as readonly NewItem[], made) };
  }

  /**
   * Appends a user's message and the answer to it, as one.
   *
   * @example
   * await history.store("session_1", "My name is Bob", "Hello Bob!");
   */
  async store(sessionId: string, prompt: string, response: string): Promise<AddedMessage[]> {
    return this.addMessages(sessionId, [
      { role: "user", content: prompt },
      { role: "assistant", content: response },
    ]);
  }

  /**
   * Returns the newest messages, oldest first, in one round trip; with `maxTokens`, one for the first 64 looked at
   * and one for each doubling. Its cost does not depend on the session's length, unless few items match: then one
   * round trip for each 10,000 looked at. A tool's result is left out if its call is.
   *
   * With `for: "model"`, the items that every model's API accepts: tool calls only with all of their outputs, and a
   * user's message first. What a crash left half is left out and reported, and the conversation goes on.
   *
   * @example
   * const lastFive = await history.getRecent("session_1");
   * const questions = await history.getRecent("session_1", { k: 3, role: "user" });
   * const countTokens = ({ content, parts }: Item) => (content.length + JSON.stringify(parts ?? "").length) / 4;
   * const context = await history.getRecent("session_1", {
   *   for: "model",
   *   maxTokens: 2000,
   *   countTokens,
   *   onLeftOut: ({ item, reason }) => console.log(item.id, reason),
   * });
   *
   * @throws MemoryError `unknown_message` (`before`)
   */
  async getRecent(
    sessionId: string,
    options: RecentItemsOptions<T> & ({ for: "model" } | { include: "items" }),
  ): Promise<Item<T>[]>;
  async getRecent(sessionId: string, options?: RecentOptions<Message<T>>): Promise<Message<T>[]>;
  async getRecent(
    sessionId: string,
    options: RecentItemsOptions<T> | RecentOptions<Message<T>> = {},
  ): Promise<Item<T>[]> {
    const keys = this.#keys(sessionId);
    const newestFirst = await readRecent(
      options as RecentItemsOptions & RecentOptions<Item>,
      (limit, before, kinds) => this.#recentPage(sessionId, keys, limit, before, kinds),
    );
    return newestFirst.toReversed() as Item<T>[];
  }

  /**
   * Iterates over all messages, oldest first, however many, read in pages while they are consumed. Messages that
   * arrive meanwhile are included.
   *
   * @example
   * for await (const { role, content } of history.messages("session_1")) console.log(role, content);
   *
   * @throws MemoryError `unknown_session` when the session is cleared or expires meanwhile
   */
  async *messages(sessionId: string): AsyncGenerator<Message<T>, void, void> {
    for await (const item of this.items(sessionId)) if (isMessage(item)) yield item;
  }

  /**
   * Iterates over all items, like `messages`.
   *
   * @example
   * for await (const { role, type, content } of history.items("session_1")) console.log(role ?? type, content);
   *
   * @throws MemoryError `unknown_session` when the session is cleared or expires meanwhile
   */
  async *items(sessionId: string): AsyncGenerator<Item<T>, void, void> {
    for await (const { epoch, entries } of readRange(this.#runOn(sessionId)))
      for (const { item } of this.#decode(sessionId, entries, epoch)) yield item;
  }

  /**
   * Returns an item by its id, or null.
   *
   * @example
   * const item = await history.getItem("session_1", "3f9a0c71-12");
   */
  async getItem(sessionId: string, id: string): Promise<Item<T> | null> {
    return (await this.#find(sessionId, id))?.item ?? null;
  }

  /**
   * An item by its id, with its index in the session, which it keeps. Null: it is not there.
   *
   * @example
   * const found = await history.locate("session_1", "3f9a0c71-12");
   * console.log(found?.index, found?.item.content);
   */
  async locate(
    sessionId: string,
    id: string,
  ): Promise<{ readonly index: number; readonly item: Item<T> } | null> {
    const found = await this.#find(sessionId, id);
    return found ? { index: found.index, item: found.item } : null;
  }

  /**
   * Returns the newest messages of the user, or those before an item, newest first, each with its index in the session.
   * One round trip: at most as many as fit a reply of 1 MB, and those among the newest 10,000 items. For a table of contents
   * of what a model is not sent.
   *
   * @example
   * const earlier = await history.questions("session_1", { k: 20, before: "3f9a0c71-12" });
   *
   * @throws MemoryError `unknown_message` (`before`)
   */
  async questions(
    sessionId: string,
    options: { readonly k: number; readonly before?: string },
  ): Promise<{ readonly index: number; readonly item: Item<T> }[]> {
    assertFields("options", options, new Set(["k", "before"]));
    const { k, before = "" } = options;
    assertCount("k", k);
    if (options.before !== undefined) assertId("before", before);
    const args = [String(k), before, "user"];
    const [status, , epoch, , , , ...entries] = await this.#run(RECENT, this.#keys(sessionId), args, true);
    if (status === "unknown") throw unknownMessage(before);
    return [...this.#decode(sessionId, entries, String(epoch))];
  }

  /**
   * Changes fields of an item where it stands; its id, time and index stay. A function is given the item as it is,
   * and is called again if something else changes it meanwhile. Null: there is no such item.
   *
   * @example
   * await history.updateMessage("session_1", message.id, { content: "12:00", metadata: { approved: true } });
   * await history.updateMessage("session_1", message.id, ({ content }) => ({ content: content.trim() }));
   */
  async updateMessage(
    sessionId: string,
    id: string,
    change: ItemChange<T> | ((item: Item<T>) => ItemChange<T>),
  ): Promise<Item<T> | null> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = await this.#find(sessionId, id);
      if (found === undefined) return null;
      const { item, index, epoch, record } = found;
      const fields = typeof change === "function" ? change(item) : change;
      assertChange(fields);
      const { id: itsId, turnId, createdAt, ...rest } = { ...item, ...withoutUndefined(fields) };
      const stored = {
        ...rest,
        ...(itsId !== `${epoch}-${index}` && { id: itsId }),
        ...(turnId !== undefined && { turnId }),
      };
      const changed = encodeRecord(stored as NewItem, createdAt.getTime());
      const args = [String(index), epoch, sha1(record), changed];
      args.push(this.#encodeTerms([stored as NewItem]));
      const reply = await this.#run(REPLACE, this.#keys(sessionId), args, true);
      if (reply[0] === "changed") continue;
      this.#scripts.index.touch(sessionId, Number(reply[2]));
      this.#vectors?.schedule(this.#searched(sessionId));
      return decodeItem(changed, index, epoch) as Item<T>;
    }
    throw new MemoryError("conflict", "The message was changed each time that it was about to be");
  }

  /**
   * Removes an item and all that follow it, at once. Returns how many; null: there is no such item.
   *
   * @example
   * const removed = await history.truncate("session_1", { from: message.id });
   */
  async truncate(sessionId: string, options: { from: string }): Promise<number | null> {
    assertFields("options", options, new Set(["from"]));
    return (await this.#replaceFrom(sessionId, options.from, []))?.replaced ?? null;
  }

  /**
   * Replaces an item and all that follow it by others, at once: all of it or nothing. New ids may be those of the
   * items that they replace. As long as the first new ones have the ids of the first old ones, they keep their
   * positions too. Null: there is no such item.
   *
   * @example
   * await history.replaceFrom("session_1", message.id, [{ role: "user", content: "My name is Rob" }]);
   *
   * @throws MemoryError `duplicate_id`
   */
  async replaceFrom(
    sessionId: string,
    id: string,
    messages: readonly NewItem<T>[],
  ): Promise<AddedMessage[] | null> {
    return (await this.#replaceFrom(sessionId, id, messages as readonly NewItem[]))?.added ?? null;
  }

  /**
   * Removes the newest item and returns it. Null: there is none.
   *
   * @example
   * const last = await history.pop("session_1");
   */
  async pop(sessionId: string): Promise<Item<T> | null> {
    const reply = await this.#run(DROP, this.#keys(sessionId), [""]);
    if (reply[0] === "unknown") return null;
    const [, , ttl, epoch, index, record] = reply;
    this.#scripts.index.touch(sessionId, Number(ttl));
    return (decodeItem(String(record), Number(index), String(epoch)) ?? null) as Item<T> | null;
  }

  /**
   * Sets the session's metadata, up to 64 KiB of JSON, and creates the session if there is none. Returns its new
   * version. `info` returns both.
   * @param options `ifVersion`: only if that is still its version (0: none is set)
   *
   * @example
   * const { metadata = null, metadataVersion = 0 } = (await history.info("session_1")) ?? {};
   * console.log(metadata);
   * await history.setMetadata("session_1", { topic: "Names" }, { ifVersion: metadataVersion });
   *
   * @throws MemoryError `conflict` if it has another version
   */
  async setMetadata(
    sessionId: string,
    metadata: Json,
    options: { ifVersion?: number } = {},
  ): Promise<number> {
    assertFields("options", options, new Set(["ifVersion"]));
    const { ifVersion } = options;
    if (ifVersion !== undefined) assertCount("ifVersion", ifVersion);
    const json = metadataJson(metadata);
    const fresh = newEpoch();
    const reply = await this.#run(SET_METADATA, this.#keys(sessionId), [
      fresh,
      json,
      String(ifVersion ?? ""),
    ]);
    if (reply[0] === "changed") {
      throw new MemoryError(
        "conflict",
        `The session's metadata has the version ${reply[2]}, not ${ifVersion}`,
      );
    }
    this.#scripts.index.touch(sessionId, Number(reply[2]), reply[3] === fresh);
    return Number(reply[4]);
  }

  /**
   * Finds earlier turns by the words of a query, without a model: whole turns, verbatim, as many as fit, the most
   * relevant ones. A turn is a user's message and all up to the next one. A word is found by its first four letters.
   * At most the newest 20,000 items are searched, and fewer if that takes longer than 25 ms.
   *
   * @example
   * const { messages, hits, searched, total } = await history.search("session_1", "What is my name?", {
   *   maxTokens: 1024,
   *   countTokens: ({ content }) => content.length / 4,
   * });
   * console.log(messages.length, hits[0]?.terms, searched, total);
   *
   * @throws MemoryError `unknown_message` (`before`)
   */
  async search(sessionId: string, query: string, options: SearchOptions<T>): Promise<SearchResult<T>> {
    return this.#search.turns(this.#searched(sessionId), query, options as SearchOptions) as Promise<
      SearchResult<T>
    >;
  }

  /**
   * Finds earlier turns in several of the owner's sessions, as `search` does in one: by words, where one counts the more, the
   * fewer turns of all these sessions have it, and by meaning, where the sessions have vectors; it makes none.
   * Sessions are searched in this order, up to 20,000 items or 25 ms; one that is not there, or cannot be read, is passed over.
   *
   * @example
   * const { sessions } = await history.listSessions({ limit: 50 });
   * const { hits } = await history.searchSessions(sessions.map(({ id }) => ({ sessionId: id })), "What is my name?", {
   *   maxTokens: 1024,
   *   countTokens: ({ content }) => content.length / 4,
   * });
   * console.log(hits.map(({ sessionId, messages }) => [sessionId, messages[0]?.content]));
   *
   * @throws TypeError; MemoryError `unavailable`
   */
  async searchSessions(
    sessions: readonly SessionToSearch[],
    query: string,
    options: Omit<SearchOptions<T>, "before">,
  ): Promise<SessionsSearchResult<T>> {
    if (!Array.isArray(sessions)) throw new TypeError("sessions must be an array of { sessionId, before }");
    if ((options as SearchOptions<T>)?.before !== undefined) {
      throw new TypeError("before belongs to each of the sessions");
    }
    const searched = sessions.map((session: SessionToSearch) => {
      assertFields("a session", session, SEARCHED_FIELDS);
      const { sessionId, before } = session;
      if (before !== undefined) assertId("before", before);
      return { ...this.#searched(sessionId), before };
    });
    return this.#search.turnsOf(searched, query, options as SearchOptions) as Promise<
      SessionsSearchResult<T>
    >;
  }

  /**
   * Makes the vectors that turns of a session lack, and returns how many it made: for a session that was written
   * without an embedder, as a search would make them in the background.
   *
   * @example
   * const made = await history.embedTurns("session_1");
   *
   * @throws TypeError without an embedder; EmbeddingError
   */
  async embedTurns(sessionId: string): Promise<number> {
    if (this.#vectors === undefined) throw new TypeError("embedder is missing: pass it to the constructor");
    return this.#vectors.makeAll(this.#searched(sessionId));
  }

  /**
   * Lets a model of yours sum up what stands before an item: the first one that is still sent to the model. Of a long session one
   * call covers a part; the next call goes on from there. The model is asked only if at least eight items have come since the
   * last summary, and by one caller at a time, also of several processes. What breaks a rule (see the README) is not kept.
   *
   * @example
   * const write = async () => "The user is called Bob."; // asks a model
   * void history.summarize("session_1", { before: message.id, summarizer: { model: "my-model", write } });
   *
   * @throws TypeError; MemoryError `unknown_message`
   */
  async summarize(
    sessionId: string,
    options: { readonly before: string; readonly summarizer: Summarizer },
  ): Promise<SummaryOutcome> {
    assertFields("options", options, new Set(["before", "summarizer"]));
    const outcome = await writeSummary(this.#runOn(sessionId), options);
    if (outcome === undefined) throw unknownMessage(options.before);
    return outcome;
  }

  /**
   * Returns the summaries that there are, newest first: the first one is current, the others are those that it replaced. A
   * change of an item that they cover removes them all. `refused` says why the last one that was tried is not there.
   *
   * @example
   * const { summaries, refused } = await history.summaries("session_1");
   * console.log(summaries[0]?.text, summaries[0]?.to, summaries[0]?.model, refused);
   */
  async summaries(sessionId: string): Promise<Summaries> {
    const { epoch: _, ...stored } = await readSummaries(this.#runOn(sessionId));
    return stored;
  }

  /**
   * Counts the items in the session; 0 if there is no session.
   *
   * @example
   * const count = await history.count("session_1");
   */
  async count(sessionId: string): Promise<number> {
    return (await this.info(sessionId))?.count ?? 0;
  }

  /**
   * Removes the item with this id, or the newest. False: there is none.
   *
   * @example
   * await history.drop("session_1"); // the newest
   * await history.drop("session_1", message.id);
   */
  async drop(sessionId: string, id?: string): Promise<boolean> {
    if (id !== undefined) assertId("id", id);
    const reply = await this.#run(DROP, this.#keys(sessionId), [id ?? ""]);
    if (reply[0] === "unknown") return false;
    this.#scripts.index.touch(sessionId, Number(reply[2]));
    return true;
  }

  /**
   * Deletes the session; a running turn is cancelled. False: there was none.
   *
   * @example
   * const wasThere = await history.clear("session_1");
   */
  async clear(sessionId: string): Promise<boolean> {
    const [, now, there] = await this.#run(CLEAR, this.#keys(sessionId), [], true);
    this.#scripts.index.remove(sessionId, now);
    return Number(there) === 1;
  }

  /**
   * Returns the seconds until the session expires, or null if there is none.
   *
   * @example
   * const seconds = await history.ttl("session_1");
   */
  async ttl(sessionId: string): Promise<number | null> {
    const reply = await this.#run(INFO, this.#keys(sessionId), [], true);
    return reply[0] === "unknown" ? null : Math.max(0, Math.round(Number(reply[2]) / 1000));
  }

  /**
   * Gives the session a TTL of its own, from now on and after each use. False: there is no session.
   *
   * @example
   * await history.expire("session_1", 30 * 86_400); // 30 days
   */
  async expire(sessionId: string, seconds: number): Promise<boolean> {
    assertTtl("seconds", seconds);
    return this.#update(sessionId, ["ttl", String(seconds * 1000)]);
  }

  /**
   * Gives the session a title; an empty one removes it. False: there is no session.
   *
   * @example
   * await history.rename("session_1", "Bob's first question");
   */
  async rename(sessionId: string, title: string): Promise<boolean> {
    assertText("title", title);
    return this.#update(sessionId, ["title", title]);
  }

  /**
   * Returns what is known of a session, or null if there is none.
   *
   * @example
   * const info = await history.info("session_1");
   * console.log(info?.count, info?.updatedAt, info?.expiresAt);
   */
  async info(sessionId: string): Promise<SessionInfo | null> {
    const reply = await this.#run(INFO, this.#keys(sessionId), [], true);
    return decodeInfo(sessionId, reply);
  }

  /**
   * Returns the session's keys in Redis and their sizes, or null if there is no session.
   *
   * @example
   * for (const { name, entries, bytes } of (await history.storage("session_1"))?.keys ?? []) {
   *   console.log(name, entries, bytes);
   * }
   */
  async storage(sessionId: string): Promise<SessionStorage | null> {
    return decodeStorage(await this.#run(STORAGE, this.#keys(sessionId), [], true));
  }

  /**
   * Lists the owner's sessions, last used first. The list is in another slot than the sessions: it can be a second
   * behind, and it can lack a session whose last use was interrupted by a crash, until its next use.
   * Sessions that have expired are never returned, nor are those that cannot be read: damaged ones, and ones of a
   * newer version of this library. So a page can have fewer than `limit` (default 50), and none, though there are
   * more: `nextCursor` is not null then.
   *
   * @example
   * let cursor: string | null | undefined;
   * do {
   *   const page = await history.listSessions({ limit: 20, ...(cursor && { cursor }) });
   *   for (const { id, title, count } of page.sessions) console.log(id, title, count);
   *   cursor = page.nextCursor;
   * } while (cursor);
   *
   * @throws TypeError for a wrong cursor
   */
  async listSessions(
    options: { limit?: number; cursor?: string } = {},
  ): Promise<{ sessions: SessionInfo[]; nextCursor: string | null }> {
    assertFields("options", options, new Set(["limit", "cursor"]));
    const { limit = 50, cursor } = options;
    assertPositiveInteger("limit", limit);
    return this.#scripts.index.page(limit, cursor, (id) => this.info(id));
  }

  async #recentPage(
    sessionId: string,
    keys: SessionKeys,
    limit: number,
    before: string,
    kinds: readonly string[],
  ): Promise<Page | undefined> {
    const reply = await this.#run(RECENT, keys, [String(limit), before, ...kinds], true);
    if (reply[0] === "unknown") return undefined;
    const [, , epoch, more, next, extra, ...entries] = reply;
    const split = entries.length - Number(extra) * 2;
    const items = [...this.#decode(sessionId, entries.slice(0, split), String(epoch))];
    const context = [...this.#decode(sessionId, entries.slice(split), String(epoch))];
    return {
      items: items.map(({ item }) => item),
      context: context.map(({ item }) => item),
      more: Number(more) === 1,
      // By index, so that it stays valid if its item is dropped.
      next: `${epoch}-${next}`,
    };
  }

  async #update(sessionId: string, fields: string[]): Promise<boolean> {
    const reply = await this.#run(UPDATE, this.#keys(sessionId), fields, true);
    if (reply[0] === "unknown") return false;
    this.#scripts.index.touch(sessionId, Number(reply[2]));
    return true;
  }

  async #find(sessionId: string, id: string) {
    assertId("id", id);
    const reply = await this.#run(GET, this.#keys(sessionId), [id], true);
    if (reply[0] === "unknown") return undefined;
    const [epoch, index, record] = [String(reply[2]), Number(reply[3]), String(reply[4])];
    const item = decodeItem(record, index, epoch);
    // An id that is made of an index is not the id of an item with another one.
    return item?.id === id ? { item: item as Item<T>, index, epoch, record } : undefined;
  }

  async #replaceFrom(sessionId: string, id: string, items: readonly NewItem[]) {
    assertId("id", id);
    const args = newItemArguments(items);
    const reply = await this.#run(REPLACE_FROM, this.#keys(sessionId), [
      id,
      this.#encodeTerms(items),
      ...args,
    ]);
    if (reply[0] === "unknown") return undefined;
    if (reply[0] === "duplicate") throw duplicateId(reply[2]);
    const [, now, ttl, epoch, count, replaced, ...indexes] = reply;
    this.#scripts.index.touch(sessionId, Number(ttl));
    this.#vectors?.schedule(this.#searched(sessionId));
    const indexOf = (n: number) => indexes[n];
    const added = addedMessages(items, { epoch: String(epoch), now, count: Number(count), indexOf });
    return { replaced: Number(replaced), added };
  }

  #searched(sessionId: string): VectorSession {
    return { sessionId, key: this.#keys(sessionId).words, run: this.#runOn(sessionId) };
  }

  /** The terms of new items, for the scripts. */
  #encodeTerms(items: readonly NewItem[]): string {
    return this.#recall ? encodeAllTerms(items) : "";
  }

  *#decode(
    sessionId: string,
    entries: readonly (string | number)[],
    epoch: string,
  ): Generator<{ readonly index: number; readonly item: Item<T> }> {
    for (let i = 0; i < entries.length; i += 2) {
      const index = Number(entries[i]);
      const item = decodeItem(String(entries[i + 1]), index, epoch);
      if (item) yield { index, item: item as Item<T> };
      else this.#onDamaged?.({ sessionId, index });
    }
  }

  /** Runs scripts that may run twice without harm. */
  #runOn(sessionId: string): RunScript {
    const keys = this.#keys(sessionId);
    return (script, args) => this.#run(script, keys, args, true);
  }

  #keys(sessionId: string): SessionKeys {
    return this.#scripts.keys(sessionId);
  }

  #run(script: Script, keys: SessionKeys, args: string[], repeatable = false): Promise<Reply> {
    return this.#scripts.run(script, keys.all, args, repeatable);
  }
}

const withoutUndefined = <Fields extends object>(fields: Fields): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;

/** A session's metadata as it is stored. @throws TypeError */
export function metadataJson(metadata: Json): string {
  assertJson("metadata", metadata);
  const json = JSON.stringify(metadata);
  if (byteLength(json) > MAX_METADATA_BYTES) {
    throw new TypeError(`metadata must be ${MAX_METADATA_BYTES} bytes of JSON at most`);
  }
  return json;
}
