import { MemoryError } from "../errors.ts";
import type { MemoryOptions } from "../options.ts";
import { newEpoch } from "../redis/epoch.ts";
import type { SessionKeys } from "../redis/keys.ts";
import type { Script } from "../redis/script.ts";
import type { Reply } from "../redis/script-runner.ts";
import { SessionScripts } from "../redis/session-scripts.ts";
import { ADD, CLEAR, DROP, INFO, RANGE, RECENT, UPDATE } from "../scripts/history.ts";
import { STORAGE } from "../scripts/storage.ts";
import { decodeInfo, type SessionInfo } from "../sessions/session-info.ts";
import { decodeStorage, type SessionStorage } from "../sessions/session-storage.ts";
import { assertId, assertMessage, assertPositiveInteger, assertTtl } from "../validate.ts";
import { decodeMessage, encodeMessage, type Message, type NewMessage, type Role } from "./message.ts";
import { type Page, type RecentOptions, readRecent } from "./recent.ts";

/** What `MessageHistory` stands on. */
export interface MessageHistoryOptions extends MemoryOptions {
  /** Told of each record that is no message (someone else wrote it). It is skipped. */
  readonly onDamaged?: (damaged: { sessionId: string; index: number }) => void;
}

/** What became of a message that was added. */
export interface AddedMessage {
  /** The caller's, or the one that was made. */
  readonly id: string;
  /** Messages in the session now. */
  readonly count: number;
  /** The caller's, or Redis' time of the append. */
  readonly createdAt: Date;
}

const PAGE = 500;
// One script takes about 50 ms for these, in which Redis serves nobody else; some more, and the clients choke.
const MAX_BATCH = 10_000;

/**
 * Conversations in Redis. Every write is one atomic script in one round trip that also renews the TTL of the
 * whole session; messages stand in the order in which they arrived at Redis.
 *
 * Wrong arguments are a `TypeError`, everything else a `MemoryError`; in both cases nothing was written (but see
 * `unavailable`). Every method may throw one with the code `unavailable`, `damaged` or `newer_layout`.
 *
 * @example
 * const history = new MessageHistory({ client });
 * await history.addMessage("session_1", { role: "user", content: "My name is Bob" });
 * const messages = await history.getRecent("session_1", { k: 5 });
 */
export class MessageHistory {
  readonly #scripts: SessionScripts;
  readonly #onDamaged: MessageHistoryOptions["onDamaged"];

  constructor(options: MessageHistoryOptions) {
    this.#scripts = new SessionScripts(options);
    this.#onDamaged = options.onDamaged;
  }

  /**
   * Appends a message. Its id and time are the caller's, where given.
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
  async addMessage(sessionId: string, message: NewMessage): Promise<AddedMessage> {
    const [added] = await this.addMessages(sessionId, [message]);
    return added as AddedMessage;
  }

  /**
   * Appends messages in their order, at most 10,000: all of them or, when one is refused, none.
   *
   * @example
   * await history.addMessages("session_1", [
   *   { role: "assistant", content: "", toolCalls: [{ id: "call_1", name: "now", arguments: "{}" }] },
   *   { role: "tool", content: "12:00", toolCallId: "call_1" },
   * ]);
   *
   * @throws MemoryError `duplicate_id`
   */
  async addMessages(sessionId: string, messages: readonly NewMessage[]): Promise<AddedMessage[]> {
    if (!Array.isArray(messages)) throw new TypeError("messages must be an array");
    if (messages.length > MAX_BATCH) {
      throw new TypeError(`messages must be ${MAX_BATCH} at most: append more in several calls`);
    }
    for (const message of messages) assertMessage(message);
    const keys = this.#keys(sessionId);
    if (messages.length === 0) return [];
    const fresh = newEpoch();
    const args = [fresh];
    for (const message of messages) {
      const { role, tail } = encodeMessage(message);
      const time = message.createdAt?.getTime() ?? "";
      const isPlain = time === "" && message.id === undefined;
      args.push(isPlain ? role : `${role} ${time} ${message.id ?? ""}`, tail);
    }
    const reply = await this.#run(ADD, keys, args);
    if (reply[0] === "duplicate") {
      throw new MemoryError(
        "duplicate_id",
        `A message with the id ${JSON.stringify(reply[2])} is there already`,
      );
    }
    const [, now, ttl, epoch] = reply;
    const [first, count] = [Number(reply[4]), Number(reply[5])];
    this.#scripts.index.touch(sessionId, Number(ttl), epoch === fresh);
    return messages.map((message, n) => ({
      id: message.id ?? `${epoch}-${first + n}`,
      count: count - messages.length + n + 1,
      createdAt: message.createdAt ?? new Date(now),
    }));
  }

  /**
   * Appends what a user said and what was answered, as one.
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
   * The newest messages, oldest first, in one round trip; with `maxTokens`, one for the first 64 looked at and
   * one for each doubling. Without roles its cost does not depend on the session's length; with roles, one round
   * trip for each 10,000 messages looked at. A tool's result is left out where its call is.
   *
   * @example
   * const lastFive = await history.getRecent("session_1");
   * const questions = await history.getRecent("session_1", { k: 3, role: "user" });
   * const countTokens = ({ content }: Message) => Math.ceil(content.length / 4);
   * const context = await history.getRecent("session_1", { maxTokens: 2000, countTokens });
   *
   * @throws MemoryError `unknown_message` (`before`)
   */
  async getRecent(sessionId: string, options: RecentOptions = {}): Promise<Message[]> {
    const keys = this.#keys(sessionId);
    const newestFirst = await readRecent(options, (limit, before, roles) =>
      this.#recentPage(sessionId, keys, limit, before, roles),
    );
    return newestFirst.toReversed();
  }

  /**
   * All messages, oldest first, however many, read in pages while they are consumed. Messages that arrive
   * meanwhile are included; a session that is cleared meanwhile ends the iteration.
   *
   * @example
   * for await (const { role, content } of history.messages("session_1")) console.log(role, content);
   */
  async *messages(sessionId: string): AsyncGenerator<Message, void, void> {
    const keys = this.#keys(sessionId);
    let next = 0;
    let known: string | undefined;
    while (next >= 0) {
      const args = [String(next), String(PAGE)];
      const [, , epoch, following, ...entries] = await this.#run(RANGE, keys, args, true);
      known ??= String(epoch);
      if (epoch !== known) return;
      yield* this.#decode(sessionId, entries, known);
      next = Number(following);
    }
  }

  /**
   * Messages in the session; 0 for one that is not there.
   *
   * @example
   * const count = await history.count("session_1");
   */
  async count(sessionId: string): Promise<number> {
    return (await this.info(sessionId))?.count ?? 0;
  }

  /**
   * Drops the message with this id, or the newest. False: there is none.
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
   * Forgets this session, whole, and no other; a turn in progress is cancelled. False: it was not there.
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
   * Seconds that the session has left, or null when it is not there.
   *
   * @example
   * const seconds = await history.ttl("session_1");
   */
  async ttl(sessionId: string): Promise<number | null> {
    const reply = await this.#run(INFO, this.#keys(sessionId), [], true);
    return reply[0] === "unknown" ? null : Math.max(0, Math.round(Number(reply[2]) / 1000));
  }

  /**
   * Gives the session a TTL of its own, from now on and after each use. False: it is not there.
   *
   * @example
   * await history.expire("session_1", 30 * 86_400); // 30 days
   */
  async expire(sessionId: string, seconds: number): Promise<boolean> {
    assertTtl("seconds", seconds);
    return this.#update(sessionId, ["ttl", String(seconds * 1000)]);
  }

  /**
   * Gives the session a title; an empty one takes it away. False: it is not there.
   *
   * @example
   * await history.rename("session_1", "Bob's first question");
   */
  async rename(sessionId: string, title: string): Promise<boolean> {
    if (typeof title !== "string" || !title.isWellFormed()) throw new TypeError("title must be a string");
    return this.#update(sessionId, ["title", title]);
  }

  /**
   * What is known of a session, or null when it is not there.
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
   * The session's keys in Redis and what they take, or null when it is not there.
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
   * The owner's sessions, last used first. The list stands in another slot than the sessions: it can trail
   * behind by a second, and it can lack a session whose last use was cut off by a crash, until its next use.
   * Sessions that have expired are never returned, nor are those that cannot be read: damaged ones, and ones of a
   * newer version of this library. So a page can have fewer than `limit` (default 50), and none, though there are
   * more: `nextCursor` says so.
   *
   * @example
   * let cursor: string | null | undefined;
   * do {
   *   const page = await history.listSessions({ limit: 20, ...(cursor && { cursor }) });
   *   for (const { id, title, count } of page.sessions) console.log(id, title, count);
   *   cursor = page.nextCursor;
   * } while (cursor);
   *
   * @throws TypeError for a cursor that is none
   */
  async listSessions(
    options: { limit?: number; cursor?: string } = {},
  ): Promise<{ sessions: SessionInfo[]; nextCursor: string | null }> {
    const { limit = 50, cursor } = options;
    assertPositiveInteger("limit", limit);
    return this.#scripts.index.page(limit, cursor, (id) => this.info(id));
  }

  async #recentPage(
    sessionId: string,
    keys: SessionKeys,
    limit: number,
    before: string,
    roles: readonly Role[],
  ): Promise<Page | undefined> {
    const reply = await this.#run(RECENT, keys, [String(limit), before, ...roles], true);
    if (reply[0] === "unknown") return undefined;
    const [, , epoch, more, next, extra, ...entries] = reply;
    const split = entries.length - Number(extra) * 2;
    return {
      messages: [...this.#decode(sessionId, entries.slice(0, split), String(epoch))],
      context: [...this.#decode(sessionId, entries.slice(split), String(epoch))],
      more: Number(more) === 1,
      // By index, so that it holds when its message is dropped.
      next: `${epoch}-${next}`,
    };
  }

  async #update(sessionId: string, fields: string[]): Promise<boolean> {
    const reply = await this.#run(UPDATE, this.#keys(sessionId), fields, true);
    if (reply[0] === "unknown") return false;
    this.#scripts.index.touch(sessionId, Number(reply[2]));
    return true;
  }

  *#decode(sessionId: string, entries: readonly (string | number)[], epoch: string): Generator<Message> {
    for (let i = 0; i < entries.length; i += 2) {
      const index = Number(entries[i]);
      const message = decodeMessage(String(entries[i + 1]), index, epoch);
      if (message) yield message;
      else this.#onDamaged?.({ sessionId, index });
    }
  }

  #keys(sessionId: string): SessionKeys {
    return this.#scripts.keys(sessionId);
  }

  #run(script: Script, keys: SessionKeys, args: string[], repeatable = false): Promise<Reply> {
    return this.#scripts.run(script, keys.all, args, repeatable);
  }
}
