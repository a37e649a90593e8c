import { MemoryError } from "../errors.ts";
import type { Json } from "../history/item.ts";
import type { Reply } from "../redis/script-runner.ts";
import type { TurnFeed, TurnOutcome } from "./turn-feed.ts";
import { TURN_ENDS, type TurnEnd } from "./turn-record.ts";

/** What a writer sends to Redis; each may be repeated. */
export interface TurnScripts {
  append(offset: number, text: string, info: string): Promise<Reply>;
  end(status: TurnEnd, offset: number, rest: string, info: string, context: string): Promise<Reply>;
  /** Called once when the writer gives up: Redis may still take the turn for a running one. */
  abandon(): void;
}

/**
 * Writes one running turn. Text is put into the feed only after Redis has acknowledged it: the first piece is
 * appended at once, one append is in flight at a time, what comes meanwhile joins the next. The lease is
 * renewed by each append, and by itself when there is none, until `end`.
 *
 * @example
 * const begun = await turns.begin("session_1", { content: "Hi" });
 * if (begun.kind === "begun") {
 *   const { writer } = begun;
 *   writer.signal.addEventListener("abort", () => console.log("stop the model"));
 *   writer.write("Hello.");
 *   const { status, count } = await writer.end("completed", { tokens: 2 });
 *   console.log(status, count);
 * }
 */
export class TurnWriter {
  readonly id: string;
  /** The text so far that Redis has, and its followers in this process. */
  readonly feed: TurnFeed;
  readonly #scripts: TurnScripts;
  readonly #lost = new AbortController();
  readonly #renewal: NodeJS.Timeout | undefined;
  /** Bytes of text that Redis has. */
  #offset = 0;
  #pending = "";
  #info = "";
  #inFlight: Promise<void> | undefined;
  #ended = false;

  constructor(id: string, feed: TurnFeed, scripts: TurnScripts, renewEveryMs?: number) {
    this.id = id;
    this.feed = feed;
    this.#scripts = scripts;
    if (renewEveryMs !== undefined) this.#renewal = setInterval(() => this.#flush(), renewEveryMs);
  }

  /** Aborted when the turn is no longer this writer's: cancelled, cleared, taken for dead, or Redis is away. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** What is to be kept of the turn beside its text; goes to Redis with the next write. */
  describe(info: Json): void {
    this.#info = JSON.stringify(info);
  }

  /** Adds to the text; never waits, never throws. After the end, or once `signal` is aborted, it does nothing. */
  write(text: string): void {
    if (this.#ended || this.signal.aborted) return;
    this.#pending += text;
    this.#flush();
  }

  /**
   * Ends the turn with the text so far. Resolves with what it ended as: another end when somebody was
   * quicker, `interrupted` when Redis could not be told. Never rejects.
   * @param info    replaces what is kept of the turn
   * @param context the index that this window begins at from now on: the next `begin` reads from there
   */
  async end(status: TurnEnd, info?: Json, context?: { window: string; from: number }): Promise<TurnOutcome> {
    this.#ended = true;
    if (info !== undefined) this.describe(info);
    await this.#inFlight;
    clearInterval(this.#renewal);
    if (this.feed.outcome === undefined) {
      const rest = this.#pending.toWellFormed();
      this.#pending = "";
      const remembered = context === undefined ? "" : `${context.window}:${context.from}`;
      await this.#scripts
        .end(status, this.#offset, rest, this.#info, remembered)
        .then((reply) => {
          if (reply[0] === "conflict") return this.#conflict();
          // These two ends are a writer's own: the script was repeated, and the text is there.
          const repeated = (status === "completed" || status === "failed") && reply[2] === status;
          if (rest !== "" && (reply[0] === "ok" || repeated)) this.feed.push(rest);
          this.feed.end({ status: asEnd(reply[2]), count: Number(reply[3]) });
        })
        .catch((error) => this.#abandon(error));
    }
    return this.feed.outcome ?? { status: "interrupted", count: null };
  }

  #flush(): void {
    if (this.#inFlight !== undefined || this.signal.aborted) return;
    // Half a surrogate pair waits for its other half: Redis keeps UTF-8.
    const half = /[\uD800-\uDBFF]$/.test(this.#pending) ? this.#pending.slice(-1) : "";
    const text = (half === "" ? this.#pending : this.#pending.slice(0, -1)).toWellFormed();
    const info = this.#info;
    this.#pending = half;
    this.#info = "";
    this.#inFlight = this.#scripts
      .append(this.#offset, text, info)
      .then((reply) => {
        if (reply[0] === "ended") return this.#lose(asEnd(reply[2]), Number(reply[3]), undefined);
        if (reply[0] === "conflict") return this.#conflict();
        this.#offset += Buffer.byteLength(text);
        if (text !== "") this.feed.push(text);
      })
      .catch((error) => this.#abandon(error))
      .finally(() => {
        this.#inFlight = undefined;
        if (!this.#ended && this.#pending !== "" && this.#pending !== half) this.#flush();
      });
  }

  #conflict(): void {
    this.#abandon(new MemoryError("damaged", "The turn's text in Redis is not what was written"));
  }

  #abandon(reason: unknown): void {
    this.#lose("interrupted", null, reason);
    this.#scripts.abandon();
  }

  #lose(status: TurnEnd, count: number | null, reason: unknown): void {
    clearInterval(this.#renewal);
    this.#pending = "";
    this.feed.end({ status, count });
    this.#lost.abort(reason ?? new Error(`The turn is ${status}`));
  }
}

// A session that is gone was cleared or deleted: that cancels its turn.
const asEnd = (status: unknown): TurnEnd => TURN_ENDS.find((end) => end === status) ?? "cancelled";
