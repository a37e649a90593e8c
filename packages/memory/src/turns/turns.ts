import { byteLength } from "../bytes.ts";
import { duplicateId } from "../errors.ts";
import type { NewItem } from "../history/item.ts";
import { decodeItem, itemArguments } from "../history/item-record.ts";
import { readRange } from "../history/read-range.ts";
import type { MemoryOptions } from "../options.ts";
import { newEpoch } from "../redis/epoch.ts";
import type { SessionKeys } from "../redis/keys.ts";
import type { Script } from "../redis/script.ts";
import type { Reply } from "../redis/script-runner.ts";
import { SessionScripts } from "../redis/session-scripts.ts";
import { type Subscriber, Subscriptions } from "../redis/subscriptions.ts";
import {
  APPEND,
  BEGIN,
  DISCARD,
  END,
  FORGET,
  PEEK,
  READ_RECORDS,
  READ_TURN,
  STOP,
} from "../scripts/turns.ts";
import type { Embedder } from "../search/embedder.ts";
import { type SessionVectors, vectorsOf } from "../search/session-vectors.ts";
import { encodeAllTerms, encodeTerms } from "../search/terms.ts";
import { unref } from "../unref.ts";
import { assertCount, assertFields, assertId, assertTimeout } from "../validate.ts";
import {
  assertBegin,
  assertHistory,
  type BeginOptions,
  type BeginRefusal,
  type BeginResult,
  beginArguments,
  decodeBegun,
  decodePeeked,
  type IndexedItem,
  type IndexedMessage,
  messagesOf,
  type PeekResult,
  type TurnHistory,
} from "./begin-turn.ts";
import { TurnFeed, type TurnOutcome, type TurnUpdate } from "./turn-feed.ts";
import { followRemote, pushRead, type ReadTurn } from "./turn-follower.ts";
import { hasMarks, type OutputItem, type Segment, segmentsOf, segmentsOfReplaced } from "./turn-log.ts";
import { decodeRecord, type TurnRecord } from "./turn-record.ts";
import { TurnWriter } from "./turn-writer.ts";
import { newTurnId } from "./unstored-turn.ts";

const STOP_RETRY_MS = 50;
const FOLLOW_FIELDS = new Set(["from", "signal"]);
const PEEK_FIELDS = new Set(["history", "retryOf"]);

/** What `Turns` stands on. */
export interface TurnsOptions extends MemoryOptions {
  /** A second connected client, on which this class subscribes. Without it, followers look every 100 ms. */
  readonly subscriber?: Subscriber;
  /** Milliseconds until a turn is taken from a writer that died. Default 5,000; renewed three times as often. */
  readonly leaseMs?: number;
  /** Milliseconds until a turn is ended whose writer neither writes nor ends it. Default 600,000 (10 minutes). */
  readonly maxIdleMs?: number;
  /** True if the terms that a search finds items by are stored with them, see `MessageHistory`. */
  readonly recall?: boolean;
  /** Makes vectors of turns in the background after they have ended, see `MessageHistory`. */
  readonly embedder?: Embedder;
}

/** A turn and its output, as they are now. */
export interface TurnState {
  readonly record: TurnRecord;
  /** The text of its messages so far. */
  readonly text: string;
  /** Its output items so far. */
  readonly items: readonly OutputItem[];
  /** Items in the session. */
  readonly count: number;
  /** What the session's own ids begin with: its message at an index has the id `<epoch>-<index>`, unless it was given one. */
  readonly epoch: string;
  /** Returns its output as `follow` does. Null: it is running. */
  readonly replay: ((from: number, signal?: AbortSignal) => AsyncGenerator<TurnUpdate, void, void>) | null;
}

/** A turn as the script `READ_TURN` found it. */
interface FoundTurn extends Pick<TurnState, "record" | "count" | "epoch"> {
  readonly read: ReadTurn;
  /** Its output as it is stored; null while it runs. */
  readonly output: readonly Segment[] | null;
}

/** What became of `run`: the turn's end and what `write` returned, or why it was not begun. */
export type RunResult<Result> =
  | {
      readonly kind: "ended";
      readonly turnId: string;
      readonly outcome: TurnOutcome;
      /** Undefined if `write` threw because the turn was lost. */
      readonly result: Result | undefined;
    }
  | BeginRefusal;

/**
 * Answers that survive their writer. A turn is one user message and the answer to it: begun, appended to and
 * ended by one writer, followed and cancelled from any process. What is shown of it is in Redis, and every
 * turn comes to a definite end: one whose writer died is ended as `interrupted`, with its text, by the process that
 * next touches the session.
 *
 * Wrong arguments are a `TypeError`, everything else a `MemoryError`; every method may throw one with the code
 * `unavailable`, `damaged` or `newer_layout`.
 *
 * @example
 * const turns = new Turns({ client });
 * const begun = await turns.begin("session_1", { content: "Hi" });
 * if (begun.kind === "begun") {
 *   begun.writer.write("Hello ");
 *   begun.writer.write("there.");
 *   await begun.writer.end("completed");
 * }
 */
export class Turns {
  readonly #scripts: SessionScripts;
  readonly #leaseMs: number;
  readonly #maxIdleMs: number;
  readonly #recall: boolean;
  readonly #vectors: SessionVectors | undefined;
  readonly #subscriptions: Subscriptions | undefined;
  /** Turns that are written or followed in this process: one feed each, however many follow. */
  // No Map, which would keep those of ended turns: docs/decisions/0015-no-map-for-what-ends-soon.md.
  readonly #feeds: Record<string, TurnFeed> = Object.create(null);
  /** Turns of this process that ended as `interrupted` because Redis was unavailable, and may be running there. */
  readonly #abandoned = new Set<string>();

  constructor(options: TurnsOptions) {
    this.#scripts = new SessionScripts(options);
    const { leaseMs = 5000, maxIdleMs = 600_000 } = options;
    assertTimeout("leaseMs", leaseMs);
    assertTimeout("maxIdleMs", maxIdleMs);
    this.#leaseMs = leaseMs;
    this.#maxIdleMs = maxIdleMs;
    this.#recall = options.recall === true;
    this.#vectors = vectorsOf(options);
    this.#subscriptions = options.subscriber && Subscriptions.of(options.subscriber);
  }

  /**
   * Begins a turn, in one script: all of it or nothing. What it returns says what happened.
   *
   * @example
   * const begun = await turns.begin("session_1", {
   *   content: "What is my name?",
   *   info: { model: "gpt-5-mini" },
   *   history: { maxBytes: 64_000, window: "gpt-5-mini" },
   *   idempotency: { key: "request-7", requestHash: "What is my name?" },
   * });
   * if (begun.kind === "busy") console.log("wait for", begun.turnId);
   * if (begun.kind === "begun") console.log(begun.messages.map(({ message }) => message.content));
   */
  async begin(sessionId: string, options: BeginOptions): Promise<BeginResult> {
    assertBegin(options);
    const keys = this.#keys(sessionId);
    const id = newTurnId();
    const fresh = newEpoch();
    const args = [id, String(this.#leaseMs), fresh, ...beginArguments(id, options, this.#recall)];
    const reply = await this.#run(BEGIN, keys, args);
    if (reply[0] === "duplicate") throw duplicateId(reply[2]);
    const begun = decodeBegun(reply);
    if (begun.kind === "busy" && this.#abandoned.has(begun.turnId)) {
      await this.#stop(keys, begun.turnId, "interrupted");
      return this.begin(sessionId, options);
    }
    if (begun.kind !== "begun") return begun;
    const [, , ttl, epoch] = reply;
    this.#scripts.index.touch(sessionId, Number(ttl), epoch === fresh);
    // Renewing the lease renews the session's life too, which can be the shorter one.
    const lifeMs = Math.min(this.#leaseMs, Number(ttl));
    return { ...begun, writer: this.#write(sessionId, keys, id, Math.floor(lifeMs * 0.3)) };
  }

  /**
   * Begins a turn, calls `write` with its writer, and ends it: as completed, or as failed if `write` throws, which is
   * thrown on, unless the turn was cancelled meanwhile. It never leaves a turn running.
   *
   * @example
   * const ran = await turns.run("session_1", { content: "Hi" }, async (writer) => {
   *   for (const word of ["Hello ", "there."]) writer.write(word);
   * });
   * console.log(ran.kind === "ended" ? ran.outcome.status : ran.kind);
   */
  async run<Result>(
    sessionId: string,
    options: BeginOptions,
    write: (writer: TurnWriter, found: TurnHistory) => Promise<Result>,
  ): Promise<RunResult<Result>> {
    const begun = await this.begin(sessionId, options);
    if (begun.kind !== "begun") return begun;
    const { writer } = begun;
    const turnId = writer.id;
    try {
      const result = await write(writer, begun);
      return { kind: "ended", turnId, outcome: await writer.end("completed"), result };
    } catch (error) {
      const isLost = writer.signal.aborted;
      const outcome = await writer.end("failed");
      if (!isLost) throw error;
      return { kind: "ended", turnId, outcome, result: undefined };
    }
  }

  /**
   * Returns the turn's output as it comes, from a position on, then its end. From any process, while it runs and
   * after. Null: there is no such turn. Aborting the signal ends the iteration. It may throw while it is iterated too.
   *
   * @example
   * for await (const update of (await turns.follow("session_1", turnId, { from: 0 })) ?? []) {
   *   if (update.type === "text") console.log(update.text, update.length);
   *   if (update.type === "end") console.log(update.outcome.status);
   * }
   */
  async follow(
    sessionId: string,
    turnId: string,
    options: { from?: number; signal?: AbortSignal } = {},
  ): Promise<AsyncGenerator<TurnUpdate, void, void> | null> {
    assertFields("options", options, FOLLOW_FIELDS);
    const { from = 0, signal } = options;
    assertCount("from", from);
    assertId("turnId", turnId);
    const keys = this.#keys(sessionId);
    const name = feedName(keys, turnId);
    const known = this.#feeds[name];
    if (known) return known.follow(from, signal);
    const feed = new TurnFeed();
    const read = async (offset: number) => (await this.#read(keys, turnId, offset))?.read ?? null;
    const found = await read(0);
    if (found === null) return null;
    pushRead(feed, found);
    if (feed.settled) return feed.follow(from, signal);
    // Another caller may have begun to follow while this was read.
    const shared = this.#feeds[name] ?? feed;
    if (shared === feed) {
      this.#feeds[name] = feed;
      void followRemote(feed, read, keys.log, this.#subscriptions).finally(() => {
        delete this.#feeds[name];
      });
    }
    return shared.follow(from, signal);
  }

  /**
   * A turn as it is now, or null.
   *
   * @example
   * const turn = await turns.get("session_1", turnId);
   * console.log(turn?.record.status, turn?.text);
   */
  async get(sessionId: string, turnId: string): Promise<TurnState | null> {
    assertId("turnId", turnId);
    const found = await this.#read(this.#keys(sessionId), turnId, 0);
    if (found === null) return null;
    const { record, count, epoch, read, output } = found;
    const feed = new TurnFeed();
    // The output as it is stored, if it has ended.
    if (output) feed.endWith(output, { status: "completed", count });
    else pushRead(feed, read);
    const replay = (from: number, signal?: AbortSignal) => {
      const ended = new TurnFeed();
      pushRead(ended, read);
      return ended.follow(from, signal);
    };
    return { record, text: feed.text, items: feed.items, count, epoch, replay: output ? replay : null };
  }

  /**
   * What a turn would find if it began now: like `begin`, but nothing is changed.
   *
   * @example
   * const { messages } = await turns.peek("session_1", { history: { maxBytes: 64_000, window: "gpt-5-mini" } });
   */
  async peek(
    sessionId: string,
    options: { history: NonNullable<BeginOptions["history"]>; retryOf?: string },
  ): Promise<PeekResult> {
    assertFields("options", options, PEEK_FIELDS);
    const { history, retryOf } = options;
    assertHistory(history);
    if (retryOf !== undefined) assertId("retryOf", retryOf);
    const args = [String(history.maxBytes), history.window, retryOf ?? ""];
    return decodePeeked(await this.#run(PEEK, this.#keys(sessionId), args));
  }

  /**
   * Returns the items from one index up to another, `to` excluded: what a context was made of.
   *
   * @example
   * const firstTen = await turns.items("session_1", 0, 10);
   *
   * @throws MemoryError `unknown_session` when the session is cleared or expires meanwhile
   */
  async items(sessionId: string, from: number, to: number): Promise<IndexedItem[]> {
    assertCount("from", from);
    assertCount("to", to);
    const found: IndexedItem[] = [];
    const keys = this.#keys(sessionId);
    const run = (script: Script, args: string[]) => this.#run(script, keys, args);
    for await (const { epoch, entries } of readRange(run, from, to)) {
      for (let i = 0; i < entries.length; i += 2) {
        const index = Number(entries[i]);
        const item = decodeItem(String(entries[i + 1]), index, epoch);
        if (item) found.push({ index, item });
      }
    }
    return found;
  }

  /**
   * Returns the messages from one index up to another, like `items`.
   *
   * @example
   * const firstTen = await turns.messages("session_1", 0, 10);
   */
  async messages(sessionId: string, from: number, to: number): Promise<IndexedMessage[]> {
    return messagesOf(await this.items(sessionId, from, to));
  }

  /**
   * The records of turns, in the order of their ids; undefined for one that is not there, or cannot be read.
   *
   * @example
   * const [record] = await turns.records("session_1", [turnId]);
   * console.log(record?.status, record?.info);
   */
  async records(sessionId: string, turnIds: readonly string[]): Promise<(TurnRecord | undefined)[]> {
    for (const id of turnIds) assertId("a turn's id", id);
    if (turnIds.length === 0) return [];
    const [, , ...records] = await this.#run(READ_RECORDS, this.#keys(sessionId), turnIds.map(String));
    return turnIds.map((id, n) => decodeRecord(id, String(records[n] ?? ""))?.record);
  }

  /**
   * Ends a running turn as `cancelled`, at once, whichever process writes it. False: it is not running.
   *
   * @example
   * const wasRunning = await turns.cancel("session_1", turnId);
   */
  async cancel(sessionId: string, turnId: string): Promise<boolean> {
    assertId("turnId", turnId);
    const [status, , ttl] = await this.#stop(this.#keys(sessionId), turnId, "cancelled");
    if (status !== "ok") return false;
    this.#scripts.index.touch(sessionId, Number(ttl));
    return true;
  }

  /**
   * Removes the record of a turn that has ended: it can no longer be read, followed or continued. What it said stays in
   * the conversation. Returns how many turns the session still has, or why there is nothing to remove: there is no such
   * turn, or it has not ended.
   *
   * @example
   * const left = await turns.forget("session_1", turnId);
   * if (left === 0) await history.clear("session_1");
   */
  async forget(sessionId: string, turnId: string): Promise<number | "unknown" | "running"> {
    assertId("turnId", turnId);
    const [status, , left] = await this.#run(FORGET, this.#keys(sessionId), [turnId]);
    if (status === "ok") return Number(left);
    return status === "running" ? "running" : "unknown";
  }

  #write(sessionId: string, keys: SessionKeys, id: string, renewEveryMs: number): TurnWriter {
    const feed = new TurnFeed();
    const name = feedName(keys, id);
    const lease = String(this.#leaseMs);
    const writer = new TurnWriter(
      id,
      feed,
      {
        append: async (offset, text, info) => {
          const args = [id, lease, String(offset), text, info];
          if (hasMarks(text)) args.push("1");
          const reply = await this.#run(APPEND, keys, args);
          if (reply[0] === "ok") this.#scripts.index.touch(sessionId, Number(reply[2]));
          return reply;
        },
        end: async (status, offset, rest, info, context, output) => {
          const terms = this.#recall ? encodeOutputTerms(feed, rest, output) : "";
          const items = output.flatMap((item) => itemArguments({ ...item, turnId: id }));
          const args = [id, status, String(offset), rest, info, context, terms, ...items];
          const reply = await this.#run(END, keys, args);
          if (reply[0] !== "ok") return reply;
          this.#scripts.index.touch(sessionId, Number(reply[4]));
          const run = (script: Script, args: string[]) => this.#run(script, keys, args);
          this.#vectors?.schedule({ sessionId, key: keys.words, run });
          return reply;
        },
        discard: () => this.#run(DISCARD, keys, [id]),
        abandon: () => void this.#stopWhenAvailable(keys, id),
      },
      { renewEveryMs, maxIdleMs: this.#maxIdleMs },
    );
    this.#feeds[name] = feed;
    feed.onSettled(() => {
      delete this.#feeds[name];
    });
    return writer;
  }

  #stop(keys: SessionKeys, turnId: string, status: "cancelled" | "interrupted"): Promise<Reply> {
    return this.#run(STOP, keys, [turnId, status]);
  }

  /** Ends an abandoned turn as soon as Redis answers. When its lease has ended, any process can end it. */
  async #stopWhenAvailable(keys: SessionKeys, turnId: string): Promise<void> {
    this.#abandoned.add(turnId);
    const leaseEndsAt = performance.now() + this.#leaseMs;
    for (let stopped = false; !stopped && performance.now() < leaseEndsAt; ) {
      await new Promise((resolve) => {
        unref(setTimeout(resolve, STOP_RETRY_MS));
      });
      stopped = await this.#stop(keys, turnId, "interrupted").then(
        () => true,
        () => false,
      );
    }
    this.#abandoned.delete(turnId);
  }

  async #read(keys: SessionKeys, turnId: string, offset: number): Promise<FoundTurn | null> {
    const reply = await this.#run(READ_TURN, keys, [turnId, String(offset)]);
    if (reply[0] === "gone") return null;
    const [, , epoch, count, raw, ...rest] = reply;
    const decoded = decodeRecord(turnId, String(raw));
    if (decoded === undefined) return null;
    const { record, replaced } = decoded;
    const found = { record, count: Number(count), epoch: String(epoch) };
    if (record.status === "running") return { ...found, read: { log: String(rest[0]) }, output: null };
    const [isLogged, log, ...records] = rest;
    const output = replaced === undefined ? segmentsOf(records.map(String)) : segmentsOfReplaced(replaced);
    const { status, endedAt } = record;
    const outcome = { status, count: found.count, ...(endedAt && { endedAt }) };
    const end = { outcome, output: Number(isLogged) === 1 ? null : output };
    return { ...found, read: { log: String(log), end }, output };
  }

  #keys(sessionId: string): SessionKeys {
    return this.#scripts.keys(sessionId);
  }

  // Every script on a turn may be repeated: it knows by the turn's id and the offset what was done already.
  #run(script: Script, keys: SessionKeys, args: string[]): Promise<Reply> {
    return this.#scripts.run(script, keys.all, args, true);
  }
}

/** The terms of a turn's output; of one that is not only text, none: the next search stores them. */
function encodeOutputTerms(feed: TurnFeed, rest: string, output: readonly NewItem[]): string {
  if (output.length > 0) return encodeAllTerms(output);
  const isText = feed.items.length <= 1 && feed.items[0]?.type === undefined && !hasMarks(rest);
  return isText && feed.offset === byteLength(feed.text)
    ? encodeTerms({ role: "assistant", content: feed.text + rest })
    : "";
}

const feedName = (keys: SessionKeys, turnId: string): string => `${keys.log} ${turnId}`;
