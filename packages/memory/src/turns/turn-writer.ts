import { MemoryError } from "../errors.ts";
import type { Json, NewItem, NewMessage, Role } from "../history/item.ts";
import type { Reply } from "../redis/script-runner.ts";
import { assertCount, assertFields, assertItem, assertJson, assertText } from "../validate.ts";
import { grownText } from "./grown-text.ts";
import type { TurnFeed, TurnOutcome, TurnOutput } from "./turn-feed.ts";
import { encodeFinish, encodeStart, encodeText, hasMarks, type StartedItem } from "./turn-log.ts";
import { TURN_ENDS, type TurnEnd } from "./turn-record.ts";

/** What a writer sends to Redis; each may be repeated. */
export interface TurnScripts {
  append(offset: number, text: string, info: string): Promise<Reply>;
  end(
    status: TurnEnd,
    offset: number,
    rest: string,
    info: string,
    context: string,
    output: readonly NewItem[],
  ): Promise<Reply>;
  discard(): Promise<Reply>;
  /** Called once when the writer gives up: Redis may still take the turn for a running one. */
  abandon(): void;
}

export interface TurnTimes {
  /** How often the lease is renewed. Left out: there is no lease. */
  readonly renewEveryMs?: number;
  /** How long the writer may do nothing before its turn is ended. */
  readonly maxIdleMs: number;
}

/** An item whose text is to be written piece by piece: a message, or an item without a role. */
export type StartItem = ({ readonly role: Role } | { readonly type: string }) & {
  readonly id?: string;
  /** The call whose arguments are written. */
  readonly toolCall?: { readonly id: string; readonly name: string };
  readonly toolCallId?: string;
  readonly metadata?: Json;
};

/** What is known of an item only when it is finished. */
export type FinishItem = Partial<Pick<NewMessage, "parts">>;

/** What a turn ends with, beside what was written. */
export interface EndOptions {
  /** Replaces what is stored with the turn. */
  readonly info?: Json;
  /** The index that this context window begins at from now on: the next `begin` reads from there. */
  readonly context?: { readonly window: string; readonly from: number };
  /**
   * The output to store instead of what was written: a message, or 1,000 items at most. What was written can be followed
   * until the session's next turn begins.
   */
  readonly message?: NewItem | readonly NewItem[];
}

const MAX_ITEMS = 1_000;
const END_FIELDS = new Set(["info", "context", "message"]);
const START_FIELDS = new Set(["role", "type", "id", "toolCall", "toolCallId", "metadata"]);
const FINISH_FIELDS = new Set(["parts"]);

/**
 * Writes one running turn. Output is put into the feed only after Redis has acknowledged it: the first piece is
 * appended at once unless `hold` was called, one append is in flight at a time, what comes meanwhile joins the next. The
 * lease is renewed by each append, and by a timer between them, until `end`.
 *
 * @example
 * const begun = await turns.begin("session_1", { content: "Hi" });
 * if (begun.kind === "begun") {
 *   await using writer = begun.writer;
 *   writer.signal.addEventListener("abort", () => console.log("stop the model"));
 *   writer.write("Hello.");
 *   const { status, count } = await writer.end("completed", { info: { tokens: 2 } });
 *   console.log(status, count);
 * }
 */
export class TurnWriter {
  readonly id: string;
  /** The output that Redis has, and its followers in this process. */
  readonly feed: TurnOutput;
  readonly #feed: TurnFeed;
  readonly #scripts: TurnScripts;
  readonly #lost = new AbortController();
  readonly #maxIdleMs: number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  /** By `performance.now()`, noted when the lease is renewed. */
  #usedAt = performance.now();
  #wasUsed = false;
  /** Log that is not sent yet. */
  #pending = "";
  #info = "";
  #inFlight: Promise<void> | undefined;
  /** Set while what is written waits for the end. */
  #hold: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #items = 0;
  /** The text of the item that was begun, until it is finished. */
  #content: string | undefined;

  constructor(id: string, feed: TurnFeed, scripts: TurnScripts, { renewEveryMs, maxIdleMs }: TurnTimes) {
    this.id = id;
    this.feed = feed;
    this.#feed = feed;
    this.#scripts = scripts;
    this.#maxIdleMs = maxIdleMs;
    if (renewEveryMs !== undefined) this.#timer = setInterval(() => this.#renew(), renewEveryMs);
  }

  /** Aborted when the turn is no longer this writer's: cancelled, cleared, idle too long, or Redis is unavailable. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Sets what is to be stored with the turn; goes to Redis with the next write. @throws TypeError */
  describe(info: Json): void {
    assertJson("info", info);
    this.#wasUsed = true;
    this.#info = JSON.stringify(info);
  }

  /**
   * Adds to the text of the current item, or of a message if none was begun. Never waits. After the end, or once
   * `signal` is aborted, it does nothing.
   * @throws TypeError for what is not a string
   */
  write(text: string): void {
    if (typeof text !== "string") throw new TypeError(`text must be a string, not ${typeof text}`);
    if (this.#ended || this.signal.aborted) return;
    if (this.#content === undefined && this.#items > 0) this.startItem({ role: "assistant" });
    if (this.#content !== undefined) this.#content = grownText(this.#content, text);
    this.#append(hasMarks(text) ? encodeText(text) : text);
  }

  /**
   * Keeps what is written from now on for `end`, so that one script stores both. Without an `end` within 1 ms it is appended
   * as usual. For the rest of an output that is whole.
   *
   * @example
   * const writer = unstoredTurn();
   * writer.hold();
   * writer.write("The whole answer.");
   * await writer.end("completed");
   */
  hold(): void {
    this.#hold ??= setTimeout(() => {
      this.#hold = undefined;
      if (this.#pending !== "") this.#flush();
    }, 1);
  }

  /**
   * Begins an item of the output: what is written from now on is its text. It finishes the one before.
   *
   * @example
   * const writer = unstoredTurn();
   * writer.startItem({ type: "reasoning" });
   * writer.write("They greet me.");
   * writer.finishItem({ parts: { encrypted_content: "…" } });
   * writer.startItem({ type: "function_call", toolCall: { id: "call_1", name: "now" } });
   * writer.write("{}");
   * await writer.end("completed");
   *
   * @throws TypeError
   */
  startItem(item: StartItem): void {
    assertFields("an item", item, START_FIELDS);
    const { toolCall, ...fields } = item;
    const calls = toolCall && { toolCalls: [{ ...toolCall, arguments: "" }] };
    assertItem({ ...fields, ...("role" in item && { content: "" }), ...calls } as NewItem);
    this.#start({ ...fields, ...(toolCall && { toolCalls: [{ id: toolCall.id, name: toolCall.name }] }) });
  }

  /** Finishes the current item. @throws TypeError */
  finishItem(fields: FinishItem = {}): void {
    assertFields("an item", fields, FINISH_FIELDS);
    if (fields.parts !== undefined) assertJson("parts", fields.parts);
    if (this.#ended || this.signal.aborted) return;
    if (this.#content === undefined)
      throw new TypeError("there is no item to finish: begin one with startItem");
    const content = this.#content.toWellFormed();
    this.#content = undefined;
    this.#append(encodeFinish(fields, content));
  }

  /** Adds a whole item to the output. Its time is that of the turn's end. @throws TypeError */
  addItem(item: NewItem): void {
    assertItem(item);
    const { content, parts, createdAt, ...fields } = item;
    if (createdAt !== undefined) throw new TypeError("createdAt of a turn's output is set by Redis");
    const [only, ...others] = item.toolCalls ?? [];
    const text = content ?? (others.length === 0 ? only?.arguments : undefined) ?? "";
    const isCall = only !== undefined && others.length === 0 && only.arguments === text;
    this.#start({ ...fields, ...(isCall && { toolCalls: [{ id: only.id, name: only.name }] }) });
    this.write(text);
    this.finishItem(parts === undefined ? {} : { parts });
  }

  /**
   * Ends the turn with the output so far. Resolves with what it ended as: another status if another process was
   * quicker, `interrupted` if Redis was unavailable. Rejects only for wrong arguments: then the turn ends as `failed`,
   * because no other end may come.
   * @throws TypeError
   */
  async end(status: TurnEnd, options: EndOptions = {}): Promise<TurnOutcome> {
    try {
      assertEnd(status, options);
    } catch (error) {
      await this.#end("failed", {});
      throw error;
    }
    return this.#end(status, options);
  }

  async #end(status: TurnEnd, { info, context, message }: EndOptions): Promise<TurnOutcome> {
    if (info !== undefined) this.#info = JSON.stringify(info);
    this.#ended = true;
    clearTimeout(this.#hold);
    await this.#inFlight;
    clearInterval(this.#timer);
    if (this.#feed.outcome === undefined) {
      const rest = this.#pending.toWellFormed();
      this.#pending = "";
      const remembered = context === undefined ? "" : `${context.window}:${context.from}`;
      const output = message === undefined ? [] : ([message].flat() as NewItem[]);
      await this.#scripts
        .end(status, this.#feed.offset, rest, this.#info, remembered, output)
        .then((reply) => {
          if (reply[0] === "conflict") return this.#conflict();
          // These two ends are a writer's own: the script was repeated, and the text is there.
          const repeated = (status === "completed" || status === "failed") && reply[2] === status;
          if (reply[0] === "ok" || repeated) this.#feed.push(rest);
          const endedAt = reply[0] === "ok" ? { endedAt: new Date(reply[1]) } : {};
          this.#feed.end({ status: asEnd(reply[2]), count: Number(reply[3]), ...endedAt });
        })
        .catch((error) => this.#abandon(error));
    }
    return this.#feed.outcome ?? { status: "interrupted", count: null };
  }

  /**
   * Takes the turn back, as if it had not begun: for what is found out only from the history. Nothing may have been
   * written. An input that a retry found there stays.
   *
   * @example
   * const begun = await turns.begin("session_1", { content: "Hi", history: { maxBytes: 64_000, window: "" } });
   * if (begun.kind === "begun" && !begun.complete) await begun.writer.discard();
   *
   * @throws MemoryError `unavailable`: it will be ended as interrupted
   */
  async discard(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#hold);
    await this.#inFlight;
    clearInterval(this.#timer);
    if (this.#feed.outcome !== undefined) return;
    try {
      await this.#scripts.discard();
    } catch (error) {
      this.#abandon(error);
      throw error;
    }
    this.#feed.end({ status: "cancelled", count: null });
  }

  /** Ends the turn as `failed`, unless it has ended: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.end("failed");
  }

  #start(item: StartedItem): void {
    if (this.#ended || this.signal.aborted) return;
    if (this.#items === MAX_ITEMS) throw new TypeError(`a turn's output has ${MAX_ITEMS} items at most`);
    this.#items++;
    this.#content = "";
    this.#append(encodeStart(item));
  }

  #append(log: string): void {
    this.#wasUsed = true;
    this.#pending += log;
    if (this.#hold === undefined) this.#flush();
  }

  #renew(): void {
    const now = performance.now();
    if (this.#wasUsed) this.#usedAt = now;
    this.#wasUsed = false;
    if (now - this.#usedAt > this.#maxIdleMs) {
      const idle = `Nothing was written for ${this.#maxIdleMs} ms: the turn is ended as interrupted`;
      void this.end("interrupted").then(() => this.#lost.abort(new Error(idle)));
    } else {
      this.#flush();
    }
  }

  #flush(): void {
    if (this.#inFlight !== undefined || this.signal.aborted) return;
    // Half a surrogate pair waits for its other half: Redis keeps UTF-8.
    const half = /[\uD800-\uDBFF]$/.test(this.#pending) ? this.#pending.slice(-1) : "";
    const text = (half === "" ? this.#pending : this.#pending.slice(0, -1)).toWellFormed();
    const info = this.#info;
    this.#pending = half;
    this.#info = "";
    this.#inFlight = this.#send(text, info, half);
  }

  /** Appends, then what came meanwhile. */
  async #send(text: string, info: string, half: string): Promise<void> {
    try {
      const reply = await this.#scripts.append(this.#feed.offset, text, info);
      if (reply[0] === "ended") this.#lose(asEnd(reply[2]), Number(reply[3]), undefined);
      else if (reply[0] === "conflict") this.#conflict();
      else this.#feed.push(text);
    } catch (error) {
      this.#abandon(error);
    }
    this.#inFlight = undefined;
    const isWaiting = this.#pending !== "" && this.#pending !== half;
    if (isWaiting && !this.#ended && this.#hold === undefined) this.#flush();
  }

  #conflict(): void {
    this.#abandon(new MemoryError("damaged", "The turn's text in Redis is not what was written"));
  }

  #abandon(reason: unknown): void {
    this.#lose("interrupted", null, reason);
    this.#scripts.abandon();
  }

  #lose(status: TurnEnd, count: number | null, reason: unknown): void {
    clearInterval(this.#timer);
    clearTimeout(this.#hold);
    this.#pending = "";
    this.#feed.end({ status, count });
    this.#lost.abort(reason ?? new Error(`The turn is ${status}`));
  }
}

function assertEnd(status: TurnEnd, options: EndOptions): void {
  if (!TURN_ENDS.includes(status)) throw new TypeError(`status must be one of ${TURN_ENDS.join(", ")}`);
  assertFields("options", options, END_FIELDS);
  const { info, context, message } = options;
  if (info !== undefined) assertJson("info", info);
  if (context !== undefined) {
    assertText("context.window", context.window);
    assertCount("context.from", context.from);
  }
  if (message === undefined) return;
  const output = [message].flat() as NewItem[];
  if (output.length > MAX_ITEMS) throw new TypeError(`message must be ${MAX_ITEMS} items at most`);
  for (const item of output) assertItem(item);
}

// A session that is gone was cleared or deleted: that cancels its turn.
const asEnd = (status: unknown): TurnEnd => TURN_ENDS.find((end) => end === status) ?? "cancelled";
